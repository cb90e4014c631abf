//! The beat: one call of the Hub at a time and isolate, behind a request, that brings what has changed: purge epochs and
//! revocations. A request that looked at the cache makes it due, or one with credentials; others never pay for it.

mod checks;
mod revocations;
mod wait;

pub use checks::EpochCheck;

use crate::{credentials::Presented, hub, isolate, platform, settings::Settings};
use checks::Checks;
use revocations::Revocations;
use valora_shared::{
    cache::Epochs,
    hub::{self as wire, Call, Reply},
    time::UnixMillis,
};

/// What an isolate knows of the Hub's tables and lists.
#[derive(Default)]
pub struct Beat {
    checks: Checks,
    epochs: Epochs,
    revocations: Revocations,
}

/// A beat that was begun and must be made.
#[derive(Debug)]
#[must_use = "nobody else begins one meanwhile"]
pub struct BeatCall {
    number: u64,
    call: wire::Beat,
}

impl Beat {
    /// Whether what is known of purges may be relied on.
    pub fn epoch_check(&self, now: UnixMillis, max_age_ms: u64) -> EpochCheck {
        self.checks.judge(now, max_age_ms)
    }

    /// Whether a request that looks at the cache must make a beat behind its answer.
    pub fn is_due(&self, now: UnixMillis, max_age_ms: u64) -> bool {
        self.checks.is_due(now, max_age_ms)
    }

    /// Whether one is under way.
    pub fn is_under_way(&self, now: UnixMillis) -> bool {
        self.checks.is_under_way(now)
    }

    /// The table of purges.
    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Whether a request with a credential must make a beat behind its answer.
    pub fn wants_lists(&self, now: UnixMillis) -> bool {
        self.revocations.are_due(now)
    }

    /// Begins a beat, unless one is under way or has just failed; the caller then makes it.
    pub fn begin(&mut self, now: UnixMillis) -> Option<BeatCall> {
        let number = self.checks.begin(now)?;
        let (revocations, epoch) = (self.revocations.version(), self.epochs.epoch());
        let call = wire::Beat { revocations, epoch, report: None };
        Some(BeatCall { number, call })
    }

    /// Takes what came of it.
    fn end(&mut self, number: u64, reply: Result<Reply, hub::Away>, now: UnixMillis) {
        let Some(asked_at) = self.checks.asked_at(number) else { return };
        match reply {
            Ok(Reply::Lists { revocations, epochs }) if self.epochs.apply(&epochs).is_ok() => {
                self.revocations.take(revocations, asked_at);
                self.checks.succeed(number);
            }
            _ => self.checks.fail(number, now),
        }
    }

    /// Whether the lists are young enough to tell whether a credential was revoked.
    pub fn knows_revocations(&self, now: UnixMillis) -> bool {
        self.revocations.are_young(now)
    }

    /// Whether a credential counts: the lists are young enough to tell, and do not name it.
    pub fn believes(&self, presented: &Presented, now: UnixMillis) -> bool {
        self.revocations.believe(presented, now)
    }
}

/// Makes a beat that was begun.
pub async fn make(settings: &Settings, env: &worker::Env, beat: BeatCall) {
    let BeatCall { number, call } = beat;
    let report = isolate::current().begin_report(platform::now());
    let call = Call::Beat(wire::Beat { report, ..call });
    let reply = hub::ask(settings, env, &call).await;
    let isolate = isolate::current();
    if let (Err(hub::Away), Call::Beat(wire::Beat { report: Some(report), .. })) = (&reply, call) {
        isolate.with_stats(|stats| stats.put_back(report));
    }
    isolate.with_beat(|beat| beat.end(number, reply, platform::now()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::{
        cache::{EpochChanges, PurgeTarget},
        events::PurgeMode,
        hub::RevocationList,
    };

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn lists(epoch: u64) -> Reply {
        let mut table = Epochs::at(epoch);
        table.purge(&PurgeTarget::Everything, PurgeMode::Hard);
        let epochs = EpochChanges { epoch, is_anew: true, parts: vec![table.to_part()] };
        let revocations = RevocationList { version: 3, is_complete: true, ..RevocationList::default() };
        Reply::Lists { revocations, epochs }
    }

    #[test]
    fn a_beat_brings_epochs_and_lists_and_asks_from_there_the_next_time() {
        let mut beat = Beat::default();
        let call = beat.begin(NOW).unwrap();
        assert_eq!(call.call, wire::Beat::default());
        assert!(beat.begin(NOW).is_none() && beat.is_under_way(NOW));
        beat.end(call.number, Ok(lists(7)), NOW);
        assert_eq!(beat.epochs().verdict(&[], "/", 6), Some(PurgeMode::Hard));
        assert!(!beat.is_under_way(NOW));
        let call = beat.begin(NOW).unwrap();
        assert_eq!(call.call, wire::Beat { revocations: 3, epoch: 7, report: None });
    }

    #[test]
    fn what_cannot_be_read_is_a_beat_that_failed() {
        for reply in [
            Ok(Reply::Done),
            Err(hub::Away),
            Ok(Reply::Lists {
                revocations: RevocationList::default(),
                epochs: EpochChanges { epoch: 9, is_anew: true, parts: vec!["nonsense".to_owned()] },
            }),
        ] {
            let mut beat = Beat::default();
            let call = beat.begin(NOW).unwrap();
            beat.end(call.number, reply, NOW);
            assert_eq!(
                (beat.epochs().epoch(), beat.epoch_check(NOW, 2_000)),
                (0, EpochCheck::ColdUnverified)
            );
        }
        let mut beat = Beat::default();
        let call = beat.begin(NOW).unwrap();
        beat.end(call.number + 1, Ok(lists(7)), NOW);
        assert_eq!(beat.epochs().epoch(), 0, "of a beat that was given up");
    }
}
