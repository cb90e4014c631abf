//! What an isolate is told that knows a table up to some epoch.

use super::{part::InvalidPart, table::Epochs};
use serde::{Deserialize, Serialize};

/// The most bytes of all parts together (design: cache.md).
pub const MAX_CHANGES_BYTES: usize = 200_000;

/// What was purged after the epoch that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochChanges {
    /// The epoch that is known with these.
    pub epoch: u64,
    /// Whether the reader must forget what it has, because this is all there is: its epoch is 0, not one of this Hub,
    /// or too long ago to tell what changed since.
    pub is_anew: bool,
    /// Parts of a table ([`Epochs::to_part`]), in any order.
    pub parts: Vec<String>,
}

/// From which epoch on a reader that knows `known` is told single changes; `None` where it is told everything. The Hub
/// is at `current` and has kept the changes after `folded` apart.
pub fn changes_from(known: u64, current: u64, folded: u64) -> Option<u64> {
    (known > 0 && (folded..=current).contains(&known)).then_some(known)
}

impl Epochs {
    /// Takes what was told.
    ///
    /// # Errors
    /// [`InvalidPart`]; nothing has then changed.
    pub fn apply(&mut self, changes: &EpochChanges) -> Result<(), InvalidPart> {
        // Nothing to undo: parts are read into a table of their own first.
        let mut told = Self::default();
        changes.parts.iter().try_for_each(|part| told.merge_part(part))?;
        if changes.is_anew {
            *self = told;
            self.epoch = changes.epoch;
        } else {
            self.merge(told);
            self.epoch = self.epoch.max(changes.epoch);
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.everything.merge(other.everything);
        for (slot, newest) in (0..).zip(other.slots) {
            if !newest.is_never() {
                self.mark(slot, newest);
            }
        }
        other.rules.into_iter().for_each(|rule| self.add(rule));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lags_too_far_or_knows_another_hub_is_told_everything() {
        assert_eq!(changes_from(0, 9, 0), None);
        assert_eq!(changes_from(0, 0, 0), None);
        assert_eq!(changes_from(4, 9, 4), Some(4));
        assert_eq!(changes_from(9, 9, 4), Some(9));
        assert_eq!(changes_from(3, 9, 4), None);
        assert_eq!(changes_from(10, 9, 4), None);
    }

    #[test]
    fn a_broken_part_changes_nothing() {
        let mut epochs = Epochs::at(3);
        epochs.purge_slot(7, crate::events::PurgeMode::Hard);
        let kept = epochs.clone();
        let parts = vec!["5 CQAA".to_owned(), "6 broken".to_owned()];
        assert!(epochs.apply(&EpochChanges { epoch: 6, is_anew: false, parts: parts.clone() }).is_err());
        assert!(epochs.apply(&EpochChanges { epoch: 6, is_anew: true, parts }).is_err());
        assert_eq!(epochs, kept);
    }
}
