//! The beat: at most one call of the Hub a second and isolate, behind a request, that brings what has changed.
//!
//! So far it brings revocations, and only a request with credentials makes it due: anonymous ones never pay for it.
//! Purge epochs, statistics and suspicion join [`Beat::take`] and [`Beat::begin`] with their issues.

use crate::{credentials::Presented, hub, isolate, platform, settings::Settings};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use valora_shared::{
    events::{Revocation, Subject},
    hub::{BEAT_EVERY_MS, BEAT_LIFE_MS, Call, Reply, RevocationList, is_over},
    time::UnixMillis,
};

/// The most revocations an isolate keeps, some 5 MB. With more of them it believes nobody's credential, which costs
/// clients the counting by account and nothing else.
const MAX_KEPT: usize = 50_000;
/// After so long a beat under way is taken for dead: its request may have ended before it.
const LONGEST_MS: i64 = 2_000;

/// What an isolate knows of the Hub's lists.
#[derive(Default)]
pub struct Beat {
    /// When the last one came back whole.
    at: Option<UnixMillis>,
    /// Until when nobody else begins one.
    busy_until: Option<UnixMillis>,
    version: u64,
    revoked: HashMap<Subject, i64, RandomState>,
}

impl Beat {
    /// The version to ask from, if a beat is due; the caller then makes it.
    pub fn begin(&mut self, now: UnixMillis) -> Option<u64> {
        let is_recent = self.at.is_some_and(|at| now.since(at) < BEAT_EVERY_MS);
        if is_recent || self.busy_until.is_some_and(|until| now < until) {
            return None;
        }
        self.busy_until = Some(UnixMillis(now.0.saturating_add(LONGEST_MS)));
        Some(self.version)
    }

    /// Takes what a beat brought that was begun at `asked_at`; that is how old it is.
    pub fn take(&mut self, list: RevocationList, asked_at: UnixMillis) {
        self.busy_until = None;
        if list.is_anew {
            self.revoked.clear();
        }
        self.version = list.version;
        for Revocation { subject, not_before_ms } in list.revocations {
            let known = self.revoked.entry(subject).or_insert(not_before_ms);
            *known = (*known).max(not_before_ms);
        }
        if self.revoked.len() > MAX_KEPT {
            self.revoked.retain(|subject, not_before_ms| {
                !is_over(&Revocation { subject: *subject, not_before_ms: *not_before_ms }, asked_at)
            });
        }
        let is_whole = list.is_complete && self.revoked.len() <= MAX_KEPT;
        self.at = if is_whole { Some(asked_at) } else { None };
    }

    /// Ends a beat that brought nothing. The next is due after the usual time.
    pub fn fail(&mut self, now: UnixMillis) {
        self.busy_until = Some(UnixMillis(now.0.saturating_add(BEAT_EVERY_MS)));
    }

    /// Whether a credential counts: the lists are young enough to tell, and do not name it.
    pub fn believes(&self, presented: &Presented, now: UnixMillis) -> bool {
        let is_young = self.at.is_some_and(|at| now.since(at) < BEAT_LIFE_MS);
        let Some(subject) = presented.subject() else { return false };
        let not_before = self.revoked.get(&subject).copied();
        is_young && !not_before.is_some_and(|at| presented.is_revoked_by(UnixMillis(at)))
    }
}

/// Makes a beat that was begun.
pub async fn make(settings: &Settings, env: &worker::Env, known: u64) {
    let asked_at = platform::now();
    let reply = hub::ask(settings, env, &Call::Beat { known }).await;
    isolate::current().with_beat(|beat| match reply {
        Ok(Reply::Lists(list)) => beat.take(list, asked_at),
        _ => beat.fail(platform::now()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::account::{Claims, Role, UserId};

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn later(ms: i64) -> UnixMillis {
        UnixMillis(NOW.0 + ms)
    }

    fn token() -> Presented {
        Presented::Token(Claims::new(UserId(7), Role::User, NOW, 60))
    }

    fn list(version: u64, revocations: Vec<Revocation>) -> RevocationList {
        RevocationList { version, revocations, is_complete: true, is_anew: version == 1 }
    }

    #[test]
    fn one_beat_a_second_and_never_two_at_once() {
        let mut beat = Beat::default();
        assert_eq!(beat.begin(NOW), Some(0));
        assert_eq!(beat.begin(later(1_999)), None);
        assert_eq!(beat.begin(later(2_000)), Some(0), "the first one is taken for dead");
        beat.take(list(4, Vec::new()), later(2_000));
        assert_eq!(beat.begin(later(2_999)), None);
        assert_eq!(beat.begin(later(3_000)), Some(4));
        beat.fail(later(3_000));
        assert_eq!((beat.begin(later(3_999)), beat.begin(later(4_000))), (None, Some(4)));
    }

    #[test]
    fn a_credential_counts_only_under_a_young_beat_that_does_not_name_it() {
        let mut beat = Beat::default();
        assert!(!beat.believes(&token(), NOW), "nothing is known yet");
        beat.take(list(1, Vec::new()), NOW);
        assert!(beat.believes(&token(), later(4_999)));
        assert!(!beat.believes(&token(), later(5_000)));
        let revocation = Revocation { subject: Subject::User(UserId(7)), not_before_ms: NOW.0 };
        beat.take(list(2, vec![revocation]), NOW);
        assert!(!beat.believes(&token(), NOW));
        let newer = Presented::Token(Claims::new(UserId(7), Role::User, later(1), 60));
        assert!(beat.believes(&newer, later(1)));
        assert!(!beat.believes(&Presented::AdminToken, NOW), "it is nobody's in particular");
    }

    #[test]
    fn a_list_in_parts_counts_when_it_is_whole() {
        let mut beat = Beat::default();
        beat.take(RevocationList { is_complete: false, ..list(1, Vec::new()) }, NOW);
        assert!(!beat.believes(&token(), NOW));
        assert_eq!(beat.begin(NOW), Some(1), "the rest is fetched with the next request");
    }
}
