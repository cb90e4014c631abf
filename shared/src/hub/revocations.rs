//! How long a revocation is kept, and how its list is handed on.
//!
//! Each change of the list has a number, the list's version. A reader says which version it knows and gets what came
//! after it; what the list has forgotten meanwhile a reader forgets by the same rule.

use crate::{
    account::MAX_TOKEN_MINUTES,
    events::{Revocation, Subject},
    time::UnixMillis,
};
use serde::{Deserialize, Serialize};

/// The most revocations in one answer; a reader that lags further asks again.
pub const MAX_LIST: usize = 1_000;

/// Beyond the longest life of a token: for clocks that differ.
const MARGIN_MS: i64 = 5 * 60_000;
/// Keys live as long as whoever made them said, at most 3,650 days (`valora-origin key create`); the event does not
/// tell how long, so the longest is kept.
const LONGEST_KEY_MS: i64 = 3_650 * 86_400_000;

/// What changed after the version that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationList {
    /// The version that is reached with these.
    pub version: u64,
    /// At most [`MAX_LIST`], in the order of their versions.
    pub revocations: Vec<Revocation>,
    /// Whether that is all; if not, the reader must not yet rely on it.
    pub is_complete: bool,
    /// Whether the reader must forget what it has: its version is not one of this Hub.
    pub is_anew: bool,
}

/// Whether nothing that a revocation covers can still be alive at `now`. So the list ends: it is bounded by how many
/// accounts are revoked in a day and a few minutes, and how many keys in ten years.
pub fn is_over(revocation: &Revocation, now: UnixMillis) -> bool {
    let life = match revocation.subject {
        Subject::User(_) => i64::try_from(MAX_TOKEN_MINUTES).unwrap_or(i64::MAX).saturating_mul(60_000),
        Subject::Key(_) => LONGEST_KEY_MS,
    };
    now.since(UnixMillis(revocation.not_before_ms)) > life.saturating_add(MARGIN_MS)
}

/// From which version on a reader that knows `known` must be told, when the list is at `current`: one that knows more
/// than there is has met another Hub, and begins anew.
pub fn list_from(known: u64, current: u64) -> (u64, bool) {
    if known > current { (0, true) } else { (known, known == 0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::UserId;

    #[test]
    fn a_revocation_is_kept_while_something_it_covers_may_live() {
        let user = Revocation { subject: Subject::User(UserId(7)), not_before_ms: 0 };
        let day = 86_400_000;
        assert!(!is_over(&user, UnixMillis(day + MARGIN_MS)));
        assert!(is_over(&user, UnixMillis(day + MARGIN_MS + 1)));
        let key = Revocation { subject: Subject::Key(7), not_before_ms: 0 };
        assert!(!is_over(&key, UnixMillis(3_650 * day)));
        assert!(is_over(&key, UnixMillis(3_651 * day)));
    }

    #[test]
    fn a_reader_is_told_what_it_does_not_know_and_one_of_another_hub_everything() {
        assert_eq!(list_from(0, 5), (0, true));
        assert_eq!(list_from(3, 5), (3, false));
        assert_eq!(list_from(5, 5), (5, false));
        assert_eq!(list_from(6, 5), (0, true));
    }
}
