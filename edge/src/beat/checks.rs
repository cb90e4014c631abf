//! When what is known of purges may be relied on, and when to look again.

use valora_shared::time::UnixMillis;

/// After so long a look under way is taken for dead: its request may have ended before it. The Hub has a second; this
/// is longer, so that one that hears nothing in time is told apart from one that nobody waits for any more.
const DEAD_MS: i64 = 1_100;
/// How long nobody looks after a look in vain.
const PAUSE_MS: i64 = 1_000;
/// How long after a look in vain requests do not wait for another one: long enough to look again meanwhile.
const FAILING_MS: i64 = 3_000;
/// Without a look that succeeded in so long an isolate is cold.
const COLD_MS: i64 = 30_000;
/// How long a request waits for a look: in a warm isolate, and in a cold one.
const WAIT_MS: i64 = 250;
const COLD_WAIT_MS: i64 = 1_000;

/// Whether what is known of purges may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochCheck {
    /// Yes.
    Current,
    /// Yes, but look again behind the answer.
    Due,
    /// Look first ([`EpochCheck::awaited`]).
    Overdue {
        /// For so long at most.
        wait_ms: u64,
        /// Whether nothing of use is known at all.
        is_cold: bool,
    },
    /// Looking was in vain. What is known holds nevertheless, and an answer says that it is unverified.
    Unverified,
    /// Looking was in vain, and what is known is too old to hold: every entry must be checked first.
    ColdUnverified,
}

/// Looks at the Hub: one at a time.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// When the last one that succeeded was begun; that is how old it is.
    succeeded: Option<UnixMillis>,
    /// When the last one failed, unless one has succeeded since.
    failed: Option<UnixMillis>,
    /// The one under way: its number, and when it was begun.
    under_way: Option<(u64, UnixMillis)>,
    begun: u64,
}

impl Checks {
    pub(super) fn judge(&self, now: UnixMillis, max_age_ms: u64) -> EpochCheck {
        let age = self.age(now);
        if age.is_some_and(|age| age <= millis(max_age_ms)) {
            return if self.is_due(now, max_age_ms) { EpochCheck::Due } else { EpochCheck::Current };
        }
        let is_cold = age.is_none_or(|age| age >= COLD_MS);
        let limit = if is_cold { COLD_WAIT_MS } else { WAIT_MS };
        // Who comes while somebody waits already waits as long as that one.
        let waited =
            self.under_way.filter(|_| self.is_under_way(now)).map_or(0, |(_, begun)| now.since(begun));
        match u64::try_from(limit - waited) {
            Ok(wait_ms @ 1..) if !self.is_failing(now) => EpochCheck::Overdue { wait_ms, is_cold },
            _ => unverified(is_cold),
        }
    }

    /// Whether somebody must look again behind an answer.
    pub(super) fn is_due(&self, now: UnixMillis, max_age_ms: u64) -> bool {
        self.age(now).is_none_or(|age| age >= millis(max_age_ms) / 2) && self.may_begin(now)
    }

    pub(super) fn is_under_way(&self, now: UnixMillis) -> bool {
        self.under_way.is_some_and(|(_, begun)| now.since(begun) < DEAD_MS)
    }

    /// The number of a new look.
    pub(super) fn begin(&mut self, now: UnixMillis) -> Option<u64> {
        if !self.may_begin(now) {
            return None;
        }
        self.begun += 1;
        self.under_way = Some((self.begun, now));
        Some(self.begun)
    }

    /// When a look was begun, unless it was given up.
    pub(super) fn asked_at(&self, number: u64) -> Option<UnixMillis> {
        self.under_way.filter(|(under_way, _)| *under_way == number).map(|(_, begun)| begun)
    }

    pub(super) fn succeed(&mut self, number: u64) {
        if let Some(begun) = self.asked_at(number) {
            *self = Self { succeeded: Some(begun), failed: None, under_way: None, begun: self.begun };
        }
    }

    pub(super) fn fail(&mut self, number: u64, now: UnixMillis) {
        if self.asked_at(number).is_some() {
            (self.failed, self.under_way) = (Some(now), None);
        }
    }

    fn age(&self, now: UnixMillis) -> Option<i64> {
        self.succeeded.map(|begun| now.since(begun))
    }

    fn is_failing(&self, now: UnixMillis) -> bool {
        self.failed.is_some_and(|at| now.since(at) < FAILING_MS)
    }

    fn may_begin(&self, now: UnixMillis) -> bool {
        !self.is_under_way(now) && self.failed.is_none_or(|at| now.since(at) >= PAUSE_MS)
    }
}

/// The end of waiting in vain.
pub(super) fn unverified(is_cold: bool) -> EpochCheck {
    if is_cold { EpochCheck::ColdUnverified } else { EpochCheck::Unverified }
}

fn millis(max_age_ms: u64) -> i64 {
    i64::try_from(max_age_ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_AGE: u64 = 2_000;

    fn at(ms: i64) -> UnixMillis {
        UnixMillis(1_790_000_000_000 + ms)
    }

    /// One that looked with success at 0.
    fn warm() -> Checks {
        let mut checks = Checks::default();
        let number = checks.begin(at(0)).unwrap();
        checks.succeed(number);
        checks
    }

    fn judged(checks: &Checks, ms: i64) -> EpochCheck {
        checks.judge(at(ms), MAX_AGE)
    }

    fn overdue(wait_ms: u64, is_cold: bool) -> EpochCheck {
        EpochCheck::Overdue { wait_ms, is_cold }
    }

    #[test]
    fn a_look_holds_for_half_its_time_and_is_renewed_in_the_other_half() {
        let mut checks = warm();
        assert_eq!(judged(&checks, 999), EpochCheck::Current);
        assert_eq!(judged(&checks, 1_000), EpochCheck::Due);
        assert_eq!(judged(&checks, 2_000), EpochCheck::Due);
        assert_eq!(judged(&checks, 2_001), overdue(250, false));
        let number = checks.begin(at(1_500)).unwrap();
        assert_eq!(judged(&checks, 1_500), EpochCheck::Current, "somebody is looking");
        assert_eq!(checks.begin(at(1_500)), None);
        checks.succeed(number);
        assert_eq!(judged(&checks, 2_499), EpochCheck::Current, "as old as its beginning");
        assert_eq!(judged(&checks, 2_500), EpochCheck::Due);
    }

    #[test]
    fn nobody_waits_longer_than_the_first_who_waits() {
        let mut checks = warm();
        checks.begin(at(1_900)).unwrap();
        assert_eq!(judged(&checks, 2_001), overdue(149, false));
        assert_eq!(judged(&checks, 2_149), overdue(1, false));
        assert_eq!(judged(&checks, 2_150), EpochCheck::Unverified);
        let mut cold = Checks::default();
        assert_eq!(judged(&cold, 0), overdue(1_000, true));
        cold.begin(at(0)).unwrap();
        assert_eq!(judged(&cold, 400), overdue(600, true));
        assert_eq!(judged(&cold, 1_000), EpochCheck::ColdUnverified);
    }

    #[test]
    fn a_look_whose_request_died_is_made_anew() {
        let mut checks = warm();
        let dead = checks.begin(at(2_500)).unwrap();
        assert_eq!((checks.begin(at(3_599)), judged(&checks, 3_600)), (None, overdue(250, false)));
        let next = checks.begin(at(3_600)).unwrap();
        checks.succeed(dead);
        assert!(checks.is_under_way(at(3_600)), "what was given up is not listened to");
        checks.succeed(next);
        assert_eq!(judged(&checks, 3_600), EpochCheck::Current);
    }

    #[test]
    fn while_the_hub_is_away_requests_do_not_wait_and_one_looks_again_every_second() {
        let mut checks = warm();
        let number = checks.begin(at(5_000)).unwrap();
        checks.fail(number, at(6_000));
        assert_eq!(judged(&checks, 6_000), EpochCheck::Unverified);
        assert!(!checks.is_due(at(6_999), MAX_AGE) && checks.is_due(at(7_000), MAX_AGE));
        let number = checks.begin(at(7_000)).unwrap();
        assert_eq!(judged(&checks, 7_000), EpochCheck::Unverified, "nor for that one");
        checks.fail(number, at(8_000));
        assert_eq!(judged(&checks, 10_999), EpochCheck::Unverified);
        assert_eq!(judged(&checks, 11_000), overdue(250, false), "it may be back");
        let number = checks.begin(at(11_000)).unwrap();
        checks.succeed(number);
        assert_eq!(judged(&checks, 11_000), EpochCheck::Current);
    }

    #[test]
    fn what_was_known_half_a_minute_ago_holds_no_more() {
        let mut checks = warm();
        assert_eq!(judged(&checks, 29_999), overdue(250, false));
        assert_eq!(judged(&checks, 30_000), overdue(1_000, true));
        let number = checks.begin(at(29_000)).unwrap();
        checks.fail(number, at(29_500));
        assert_eq!(judged(&checks, 29_999), EpochCheck::Unverified);
        assert_eq!(judged(&checks, 30_000), EpochCheck::ColdUnverified);
    }
}
