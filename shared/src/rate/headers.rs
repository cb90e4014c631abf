//! What answers say of the limits: the `X-RateLimit-*` pairs of the guide, and the two fields of
//! draft-ietf-httpapi-ratelimit-headers-11, whose names are strings (RFC 9651) and thus quoted.

use super::{Limits, Policy, Usage, Window, seconds_up};

/// A window's limit, by [`Window`]; of a policy with fewer windows the first ones.
pub const LIMIT: [&str; 3] = ["x-ratelimit-limit-minute", "x-ratelimit-limit-hour", "x-ratelimit-limit-day"];
/// What of it remains.
pub const REMAINING: [&str; 3] =
    ["x-ratelimit-remaining-minute", "x-ratelimit-remaining-hour", "x-ratelimit-remaining-day"];
/// All limits, which stay the same from answer to answer.
pub const POLICY: &str = "ratelimit-policy";
/// What remains of each, and when there will be more.
pub const RATELIMIT: &str = "ratelimit";

impl Limits {
    /// Values of [`LIMIT`].
    pub fn limit_texts(&self) -> [String; 3] {
        Window::ALL.map(|window| text(self.of(window)))
    }

    /// The value of [`POLICY`]: `"minute";q=60;w=60,"hour";q=1000;w=3600,"day";q=10000;w=86400`.
    pub fn policy_text(&self, policy: Policy) -> String {
        let mut text = String::with_capacity(80);
        for window in policy.windows() {
            item(&mut text, policy.name(*window));
            parameter(&mut text, ";q=", self.of(*window));
            parameter(&mut text, ";w=", u32::try_from(window.length_ms() / 1_000).unwrap_or_default());
        }
        text
    }
}

/// Values of [`REMAINING`].
pub fn remaining_texts(usage: &[Usage; 3]) -> [String; 3] {
    usage.map(|usage| text(usage.remaining()))
}

/// The value of [`RATELIMIT`]: `"minute";r=59;t=61,…`; `t`, where something is used, is in how many seconds the first
/// of it comes back (§4.1.2 of the draft: "until additional quota … is made available").
pub fn ratelimit_text(usage: &[Usage; 3], policy: Policy) -> String {
    let mut limits = String::with_capacity(64);
    for (usage, window) in usage.iter().zip(policy.windows()) {
        item(&mut limits, policy.name(*window));
        parameter(&mut limits, ";r=", usage.remaining());
        if usage.used > 0 {
            parameter(&mut limits, ";t=", seconds_up(usage.more_in_ms));
        }
    }
    limits
}

fn item(list: &mut String, name: &str) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push('"');
    list.push_str(name);
    list.push('"');
}

fn parameter(list: &mut String, name: &str, value: u32) {
    list.push_str(name);
    push_number(list, value);
}

fn text(value: u32) -> String {
    let mut text = String::new();
    push_number(&mut text, value);
    text
}

/// Digit by digit: each request comes here, and the formatting machinery is ten times as slow.
fn push_number(text: &mut String, value: u32) {
    if value >= 10 {
        push_number(text, value / 10);
    }
    text.push(char::from(b'0' + u8::try_from(value % 10).unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::{State, step};
    use crate::time::UnixMillis;
    use sfv::{List, Parser};

    const LIMITS: Limits = Limits { minute: 60, hour: 1_000, day: 10_000 };

    #[test]
    fn the_policy_names_every_window() {
        let policy = LIMITS.policy_text(Policy::Requests);
        assert_eq!(policy, r#""minute";q=60;w=60,"hour";q=1000;w=3600,"day";q=10000;w=86400"#);
        assert!(Parser::new(&policy).parse::<List>().is_ok());
        assert_eq!(LIMITS.limit_texts(), ["60", "1000", "10000"]);
        let upgrades = Limits { minute: 120, hour: Limits::MOST, day: Limits::MOST };
        assert_eq!(upgrades.policy_text(Policy::Upgrades), r#""ws";q=120;w=60"#);
        assert_eq!(ratelimit_text(&upgrades.unused(), Policy::Upgrades), r#""ws";r=120"#);
    }

    #[test]
    fn what_remains_is_told_with_when_there_is_more() {
        let mut state = State::default();
        let unused = ratelimit_text(&LIMITS.unused(), Policy::Requests);
        assert_eq!(unused, r#""minute";r=60,"hour";r=1000,"day";r=10000"#);
        // Half a second into its second, minute and quarter of an hour: each leaves a window and half a second on.
        let decision = step(&mut state, UnixMillis(900_000 * 7 + 500), 5, &LIMITS);
        let told = ratelimit_text(&decision.usage, Policy::Requests);
        assert_eq!(told, r#""minute";r=55;t=61,"hour";r=995;t=3660,"day";r=9995;t=87300"#);
        assert!(Parser::new(&told).parse::<List>().is_ok());
        assert_eq!(remaining_texts(&decision.usage), ["55", "995", "9995"]);
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        for value in [0, 9, 10, 100, 1_234_567_890, u32::MAX] {
            assert_eq!(text(value), value.to_string());
        }
    }
}
