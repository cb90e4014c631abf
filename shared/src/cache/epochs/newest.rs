//! The newest epoch in each mode, of one slot or rule.

use crate::events::PurgeMode;

/// Strictest first.
const MODES: [PurgeMode; 3] = [PurgeMode::Hard, PurgeMode::Revalidate, PurgeMode::Soft];

/// A mode's place among the three: 0 is the strictest.
pub fn strictness(mode: PurgeMode) -> u8 {
    match mode {
        PurgeMode::Hard => 0,
        PurgeMode::Revalidate => 1,
        PurgeMode::Soft => 2,
    }
}

/// The mode of a place; the strictest for a number that is none.
pub fn mode_at(strictness: u8) -> PurgeMode {
    MODES.get(usize::from(strictness)).copied().unwrap_or(PurgeMode::Hard)
}

/// By strictness; 0 stands for never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Newest(pub(super) [u64; 3]);

impl Newest {
    /// Purged once.
    pub(super) fn once(mode: PurgeMode, epoch: u64) -> Self {
        let mut newest = Self::default();
        if let Some(known) = newest.0.get_mut(usize::from(strictness(mode))) {
            *known = epoch;
        }
        newest
    }

    /// Takes over what is newer.
    pub(super) fn merge(&mut self, other: Self) {
        for (known, other) in self.0.iter_mut().zip(other.0) {
            *known = other.max(*known);
        }
    }

    /// The strictest mode with an epoch after `since`.
    pub(super) fn strictest_after(&self, since: u64) -> Option<PurgeMode> {
        let newer = self.0.iter().position(|epoch| *epoch > since)?;
        MODES.get(newer).copied()
    }

    /// The newest of all.
    pub(super) fn latest(&self) -> u64 {
        self.0.into_iter().max().unwrap_or_default()
    }

    /// Less what changes no verdict, because a stricter mode is as new, here or in `over`, which holds for this too.
    pub(super) fn without_dominated(mut self, over: Self) -> Self {
        let mut stricter = 0;
        for (known, over) in self.0.iter_mut().zip(over.0) {
            let is_dominated = *known <= stricter.max(over);
            stricter = stricter.max(over).max(*known);
            if is_dominated {
                *known = 0;
            }
        }
        self
    }

    /// Whether nothing is left.
    pub(super) fn is_never(&self) -> bool {
        self.0 == [0; 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_of_the_newer_modes_decides() {
        let newest = Newest([3, 5, 9]);
        let verdicts = [2, 3, 5, 9].map(|since| newest.strictest_after(since));
        assert_eq!(
            verdicts,
            [Some(PurgeMode::Hard), Some(PurgeMode::Revalidate), Some(PurgeMode::Soft), None]
        );
    }

    #[test]
    fn what_a_stricter_and_newer_mode_covers_is_dropped() {
        let dropped = |newest, over| Newest(newest).without_dominated(Newest(over)).0;
        assert_eq!(dropped([3, 5, 9], [0; 3]), [3, 5, 9]);
        assert_eq!(dropped([5, 5, 9], [0; 3]), [5, 0, 9]);
        assert_eq!(dropped([9, 5, 3], [0; 3]), [9, 0, 0]);
        assert_eq!(dropped([3, 5, 9], [5, 0, 0]), [0, 0, 9]);
        assert_eq!(dropped([3, 5, 9], [0, 0, 9]), [3, 5, 0]);
    }

    #[test]
    fn a_mode_is_found_by_its_place() {
        for mode in MODES {
            assert_eq!(mode_at(strictness(mode)), mode);
        }
    }
}
