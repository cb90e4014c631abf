//! The rate limit's settings.

use super::{Bounded, Reader, Setting, Switch, production};
use crate::{
    account::Role,
    rate::{Costs, Exempt, Limits, Policy, Tiers},
    trust::{Client, SharedSecret},
};

crate::section! {
    /// How much a client may ask for, the same at edge and origin.
    pub struct RateConfig("Rate limit") {
        /// Requests of one client in any 60 s: of those that the cache does not answer.
        pub rate_limit_per_minute: Bounded<1, 16_777_215>, var "RATE_LIMIT_PER_MINUTE" = "60";
        /// The same in any hour.
        pub rate_limit_per_hour: Bounded<1, 16_777_215>, var "RATE_LIMIT_PER_HOUR" = "1000";
        /// The same in any day.
        pub rate_limit_per_day: Bounded<1, 16_777_215>, var "RATE_LIMIT_PER_DAY" = "10000";
        /// Upgrades to WebSocket of one client in any 60 s. They are counted by themselves, and in no other window.
        pub rate_limit_websockets_per_minute: Bounded<1, 16_777_215>, var "RATE_LIMIT_WEBSOCKETS_PER_MINUTE" = "120";
        /// Who may ask more, or less: a role or an API key's id, and requests a minute. Hour and day go with them in
        /// proportion.
        pub rate_limit_tiers: Tiers, var "RATE_LIMIT_TIERS" = "admin=600";
        /// What costs more than one request.
        pub rate_limit_costs: Costs, var "RATE_LIMIT_COSTS";
        /// Networks that are never limited.
        pub rate_limit_exempt: Exempt, var "RATE_LIMIT_EXEMPT";
        /// `shadow` counts and logs what it would refuse, and refuses nothing.
        pub rate_limit_mode: RateMode, var "RATE_LIMIT_MODE" = "enforce";
        /// Under which clients are counted, logged and looked up, so that none of these holds an address. Required in
        /// production, and the same at edge and origin.
        pub client_hash_secret: Option<SharedSecret>, var "CLIENT_HASH_SECRET", secret;
    }
}

crate::section! {
    /// The rate limit at the edge.
    pub struct EdgeRateConfig("Rate limit at the edge") {
        /// Counts answers from the cache as well, before the cache is looked at.
        pub rate_limit_cache_hits: Switch, var "RATE_LIMIT_CACHE_HITS" = "false";
        /// While the limiter does not answer: `local` lets each isolate decide alone, with an eighth of the limits,
        /// `open` lets everything through and `closed` nothing.
        pub rate_limit_on_failure: OnFailure, var "RATE_LIMIT_ON_FAILURE" = "local";
    }
}

/// Whether refusals bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateMode {
    /// They do.
    Enforce,
    /// They are only counted and logged.
    Shadow,
}

/// What decides while the limiter does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// A window of the isolate's own.
    Local,
    /// Nothing: everything goes through.
    Open,
    /// Nothing: nothing goes through.
    Closed,
}

impl RateConfig {
    /// Those of a client without a tier of its own.
    pub fn limits(&self) -> Limits {
        Limits {
            minute: limit(self.rate_limit_per_minute),
            hour: limit(self.rate_limit_per_hour),
            day: limit(self.rate_limit_per_day),
        }
    }

    /// Those of a client without a tier of its own for what is paid under `policy`.
    pub fn limits_under(&self, policy: Policy) -> Limits {
        match policy {
            Policy::Requests => self.limits(),
            Policy::Upgrades => self.upgrades(),
        }
    }

    /// Those of every client for its upgrades.
    pub fn upgrades(&self) -> Limits {
        upgrade_limits(limit(self.rate_limit_websockets_per_minute))
    }

    /// What clients are counted under. In development, where none need be set, it is one that everybody knows.
    pub fn client_secret(&self) -> SharedSecret {
        self.client_hash_secret.clone().unwrap_or_else(SharedSecret::known)
    }

    /// Those of a client; `role` is what its credential makes it, where it has one.
    pub fn limits_of(&self, client: &Client, role: Option<Role>) -> Limits {
        let limits = self.limits();
        let tier = match client {
            Client::Ip(_) => None,
            Client::Key(id) => self.rate_limit_tiers.of_key(id),
            Client::User(_) => role.and_then(|role| self.rate_limit_tiers.of_role(role)),
        };
        tier.map_or(limits, |minute| limits.in_proportion(minute))
    }

    /// Rules between the variables.
    pub fn check(reader: &mut Reader<'_>) {
        production::required(SECRET, reader);
        production::random(SECRET, reader);
        let windows = [
            (MINUTE, Self::rate_limit_per_minute(reader).map(limit)),
            (HOUR, Self::rate_limit_per_hour(reader).map(limit)),
            (DAY, Self::rate_limit_per_day(reader).map(limit)),
        ];
        check_windows(windows, reader);
        let Some(costs) = Self::rate_limit_costs(reader) else { return };
        // A limit that nobody knows yet can be no reason to refuse a cost.
        let [minute, hour, day] = windows.map(|(_, limit)| limit.unwrap_or(Limits::MOST));
        let upgrades = Self::rate_limit_websockets_per_minute(reader).map_or(Limits::MOST, limit);
        let beyond: Vec<String> = costs
            .beyond(|policy| match policy {
                Policy::Requests => Limits { minute, hour, day },
                Policy::Upgrades => upgrade_limits(upgrades),
            })
            .collect();
        if !beyond.is_empty() {
            reader.fault(
                "RATE_LIMIT_COSTS",
                ["costs more than a client may ever spend: ", &beyond.join(", ")].concat(),
            );
        }
    }
}

const SECRET: &str = "CLIENT_HASH_SECRET";
const MINUTE: &str = "RATE_LIMIT_PER_MINUTE";
const HOUR: &str = "RATE_LIMIT_PER_HOUR";
const DAY: &str = "RATE_LIMIT_PER_DAY";

/// Of those that are known, none may be less than the one before.
fn check_windows(windows: [(&'static str, Option<u32>); 3], reader: &mut Reader<'_>) {
    let known: Vec<(&'static str, u32)> =
        windows.into_iter().filter_map(|(name, limit)| Some((name, limit?))).collect();
    let contradiction = known.windows(2).find_map(|pair| match pair {
        [shorter, longer] if shorter.1 > longer.1 => Some([shorter.0, longer.0]),
        _ => None,
    });
    let Some(pair) = contradiction else { return };
    // The one that somebody set is the one that somebody will look for.
    let set = pair.into_iter().find(|name| reader.given(name).is_some());
    let all: Vec<String> =
        known.iter().map(|(name, limit)| [*name, "=", &limit.to_string()].concat()).collect();
    let message =
        ["a longer window's limit must not be less than a shorter one's, but they are ", &all.join(", ")];
    reader.fault(set.unwrap_or(pair[0]), message.concat());
}

fn upgrade_limits(minute: u32) -> Limits {
    Limits { minute, hour: Limits::MOST, day: Limits::MOST }
}

fn limit<const LEAST: u64, const MOST: u64>(value: Bounded<LEAST, MOST>) -> u32 {
    u32::try_from(value.get()).unwrap_or(u32::MAX)
}

impl Setting for RateMode {
    fn form() -> String {
        "enforce or shadow".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "enforce" => Ok(Self::Enforce),
            "shadow" => Ok(Self::Shadow),
            _ => Err(format!("it must be {}", Self::form())),
        }
    }
}

impl Setting for OnFailure {
    fn form() -> String {
        "local, open or closed".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "local" => Ok(Self::Local),
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(format!("it must be {}", Self::form())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Section as _;
    use std::collections::HashMap;

    fn read(variables: &[(&str, &str)]) -> Result<RateConfig, String> {
        let source: HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut reader = Reader::new(&source);
        let rate = RateConfig::read(&mut reader);
        RateConfig::check(&mut reader);
        reader.finish(rate).map_err(|faults| faults.to_string())
    }

    #[test]
    fn the_guides_limits_hold_unless_told_otherwise() {
        let rate = read(&[]).unwrap();
        assert_eq!(rate.limits(), Limits { minute: 60, hour: 1_000, day: 10_000 });
        let user = Client::User("7".to_owned());
        assert_eq!(rate.limits_of(&user, Some(Role::Viewer)), rate.limits());
        let admin = rate.limits_of(&user, Some(Role::Admin));
        assert_eq!(admin, Limits { minute: 600, hour: 10_000, day: 100_000 });
    }

    #[test]
    fn limits_that_contradict_each_other_are_told() {
        let faults = read(&[("RATE_LIMIT_COSTS", "POST /api/price=61")]).unwrap_err();
        assert!(faults.contains("POST /api/price=61"), "{faults}");
        let faults =
            read(&[("RATE_LIMIT_PER_MINUTE", "600"), ("RATE_LIMIT_COSTS", "GET /ws/prices/{id}=121")]);
        assert!(faults.unwrap_err().contains("GET /ws/prices/{id}=121"));
        let faults = read(&[("ENVIRONMENT", "production")]).unwrap_err();
        assert!(faults.contains("CLIENT_HASH_SECRET"), "{faults}");
    }

    #[test]
    fn windows_that_contradict_each_other_are_told_with_their_numbers_under_the_one_that_was_set() {
        let told = |variables: &[(&str, &str)]| read(variables).unwrap_err();
        let rule = "a longer window's limit must not be less than a shorter one's, but they are ";
        let all = |minute, hour, day| {
            format!("RATE_LIMIT_PER_MINUTE={minute}, RATE_LIMIT_PER_HOUR={hour}, RATE_LIMIT_PER_DAY={day}")
        };
        assert_eq!(
            told(&[("RATE_LIMIT_PER_MINUTE", "5000")]),
            format!("RATE_LIMIT_PER_MINUTE: {rule}{}", all(5_000, 1_000, 10_000))
        );
        assert_eq!(
            told(&[("RATE_LIMIT_PER_HOUR", "50")]),
            format!("RATE_LIMIT_PER_HOUR: {rule}{}", all(60, 50, 10_000))
        );
        assert_eq!(
            told(&[("RATE_LIMIT_PER_DAY", "900")]),
            format!("RATE_LIMIT_PER_DAY: {rule}{}", all(60, 1_000, 900))
        );
    }

    #[test]
    fn a_faulty_value_hides_no_rule_between_others() {
        let faults = read(&[
            ("RATE_LIMIT_TIERS", "boss=1"),
            ("RATE_LIMIT_PER_HOUR", "x"),
            ("RATE_LIMIT_PER_DAY", "9"),
        ]);
        let faults = faults.unwrap_err();
        assert!(faults.contains("RATE_LIMIT_PER_DAY: a longer"), "{faults}");
        assert!(faults.contains("RATE_LIMIT_PER_MINUTE=60, RATE_LIMIT_PER_DAY=9"), "{faults}");
        let faults =
            read(&[("RATE_LIMIT_PER_HOUR", "x"), ("RATE_LIMIT_COSTS", "POST /api/price=61,POST /api/a=60")]);
        assert!(faults.unwrap_err().ends_with("may ever spend: POST /api/price=61"));
    }
}
