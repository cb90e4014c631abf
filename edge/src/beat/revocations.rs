//! Which credentials are worth nothing, as the last beat told it.

use crate::credentials::Presented;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use valora_shared::{
    events::{Revocation, Subject},
    hub::{BEAT_EVERY_MS, BEAT_LIFE_MS, RevocationList, is_over},
    time::UnixMillis,
};

/// The most revocations an isolate keeps, some 5 MB. With more of them it believes nobody's credential, which costs
/// clients the counting by account and nothing else.
const MAX_KEPT: usize = 50_000;

/// What an isolate knows of the Hub's list.
#[derive(Default)]
pub(super) struct Revocations {
    /// When the last one that was whole was asked for.
    at: Option<UnixMillis>,
    version: u64,
    revoked: HashMap<Subject, i64, RandomState>,
}

impl Revocations {
    /// The version to ask from.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Whether a request with a credential must ask anew.
    pub(super) fn are_due(&self, now: UnixMillis) -> bool {
        self.at.is_none_or(|at| now.since(at) >= BEAT_EVERY_MS)
    }

    /// Takes what was asked for at `asked_at`; that is how old it is.
    pub(super) fn take(&mut self, list: RevocationList, asked_at: UnixMillis) {
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

    /// Whether the list is young enough to tell.
    pub(super) fn are_young(&self, now: UnixMillis) -> bool {
        self.at.is_some_and(|at| now.since(at) < BEAT_LIFE_MS)
    }

    /// Whether a credential counts: the list is young enough to tell, and does not name it.
    pub(super) fn believe(&self, presented: &Presented, now: UnixMillis) -> bool {
        let Some(subject) = presented.subject() else { return false };
        let not_before = self.revoked.get(&subject).copied();
        self.are_young(now) && !not_before.is_some_and(|at| presented.is_revoked_by(UnixMillis(at)))
    }
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
    fn a_credential_counts_only_under_a_young_list_that_does_not_name_it() {
        let mut known = Revocations::default();
        assert!(!known.believe(&token(), NOW), "nothing is known yet");
        known.take(list(1, Vec::new()), NOW);
        assert!(known.believe(&token(), later(4_999)));
        assert!(!known.believe(&token(), later(5_000)));
        let revocation = Revocation { subject: Subject::User(UserId(7)), not_before_ms: NOW.0 };
        known.take(list(2, vec![revocation]), NOW);
        assert!(!known.believe(&token(), NOW));
        let newer = Presented::Token(Claims::new(UserId(7), Role::User, later(1), 60));
        assert!(known.believe(&newer, later(1)));
        assert!(!known.believe(&Presented::AdminToken, NOW), "it is nobody's in particular");
    }

    #[test]
    fn a_list_is_asked_for_once_a_second_and_one_in_parts_until_it_is_whole() {
        let mut known = Revocations::default();
        assert!(known.are_due(NOW));
        known.take(RevocationList { is_complete: false, ..list(1, Vec::new()) }, NOW);
        assert!(!known.believe(&token(), NOW));
        assert!(known.are_due(NOW), "the rest is fetched with the next request");
        assert_eq!(known.version(), 1);
        known.take(list(4, Vec::new()), NOW);
        assert!(!known.are_due(later(999)) && known.are_due(later(1_000)));
    }
}
