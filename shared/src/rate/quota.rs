//! What the body of a 429 tells beyond what every problem does (RFC 9457 §3.2).

use super::{Decision, Limits, Policy, Usage, Verdict, Window, seconds_up};

/// The `type` of the problem, registered by draft-ietf-httpapi-ratelimit-headers-11 §5.1.
pub const PROBLEM_TYPE: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// The members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaExceeded {
    /// Seconds until the same request fits, as in Retry-After; not there for one that never will.
    pub retry_after: Option<u32>,
    /// The window it has to wait for, by its name in `RateLimit-Policy`; for the ceiling of its address by that one's.
    pub limit_type: &'static str,
    /// What is used.
    pub current_usage: CurrentUsage,
    /// All windows in which it does not fit, by theirs.
    pub violated_policies: Vec<&'static str>,
}

/// What counts, by window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentUsage {
    /// In the last 60 s.
    pub minute: u32,
    /// In the last 60 min.
    pub hour: u32,
    /// In the last 24 h.
    pub day: u32,
}

impl QuotaExceeded {
    /// What there is to tell of a refusal to a client with limits of its `own`; `None` where none is.
    pub fn of(decision: &Decision, policy: Policy, own: &Limits) -> Option<Self> {
        let is_own = decision.is_under(own);
        let name = |window: Window| if is_own { policy.name(window) } else { policy.ceiling_name(window) };
        let (retry_after, longest, violated) = match decision.verdict {
            Verdict::Admitted => return None,
            Verdict::Refused(refusal) => {
                (Some(seconds_up(refusal.retry_after_ms)), Some(refusal.longest), refusal.violated)
            }
            Verdict::TooCostly(windows) => (None, windows.iter().next(), windows),
        };
        let [minute, hour, day] = decision.usage.map(|Usage { used, .. }| used);
        Some(Self {
            retry_after,
            limit_type: longest.map(name).unwrap_or_default(),
            current_usage: CurrentUsage { minute, hour, day },
            violated_policies: violated.iter().map(name).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::{Limits, State, step};
    use crate::time::UnixMillis;

    #[test]
    fn a_refusal_tells_all_that_the_client_needs() {
        let limits = Limits { minute: 5, hour: 7, day: 8 };
        let mut state = State::default();
        let at = UnixMillis(900_000 * 7);
        let admitted = step(&mut state, at, 4, &limits);
        assert_eq!(QuotaExceeded::of(&admitted, Policy::Requests, &limits), None);
        let told = |cost| {
            let decision = step(&mut state.clone(), at.after(1_000), cost, &limits);
            QuotaExceeded::of(&decision, Policy::Requests, &limits).unwrap()
        };
        let current_usage = CurrentUsage { minute: 4, hour: 4, day: 4 };
        let violated_policies = vec!["minute", "hour"];
        assert_eq!(
            told(4),
            QuotaExceeded { retry_after: Some(3_659), limit_type: "hour", current_usage, violated_policies }
        );
        let violated_policies = vec!["minute", "hour", "day"];
        assert_eq!(
            told(9),
            QuotaExceeded { retry_after: None, limit_type: "minute", current_usage, violated_policies }
        );
        let own = Limits { minute: 1, hour: 1, day: 1 };
        let by_ceiling = step(&mut state, at.after(1_000), 4, &limits);
        let told = QuotaExceeded::of(&by_ceiling, Policy::Requests, &own).unwrap();
        assert_eq!(
            (told.limit_type, told.violated_policies),
            ("address-hour", vec!["address-minute", "address-hour"])
        );
    }
}
