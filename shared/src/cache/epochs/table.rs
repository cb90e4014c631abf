//! What is known of all purges: a bounded table, looked at for every HIT.

use super::{
    newest::Newest,
    slot::{SLOTS, slot_of},
    target::PurgeTarget,
};
use crate::events::PurgeMode;

/// Patterns that are kept apart; beyond them the oldest counts for everything.
pub const MAX_RULES: usize = 64;

/// All purges up to an epoch, as far as they matter: per slot and mode the newest, and the patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Epochs {
    pub(super) epoch: u64,
    pub(super) everything: Newest,
    /// As long as the last slot in use needs: 16,384 take 400 kB.
    pub(super) slots: Vec<Newest>,
    pub(super) rules: Vec<Rule>,
}

/// A pattern and when it was purged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) target: PurgeTarget,
    pub(super) newest: Newest,
}

impl Epochs {
    /// An empty table at an epoch.
    pub fn at(epoch: u64) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// The epoch that is known: what is asked for now bears it. 0 where nothing is known.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The strictest mode in which an answer was purged that bears these slots and the epoch `since`.
    ///
    /// Nothing counts against it up to [`Epochs::epoch`] where this is `None`; a caller may then set its `since` to
    /// that, unless it is later, and is answered at once the next time.
    pub fn verdict(&self, slots: &[u16], target: &str, since: u64) -> Option<PurgeMode> {
        if since >= self.epoch {
            return None;
        }
        let mut newest = self.everything;
        for slot in slots.iter().filter_map(|slot| self.slots.get(usize::from(*slot))) {
            newest.merge(*slot);
        }
        for rule in self.rules.iter().filter(|rule| rule.newest.latest() > since) {
            if rule.target.matches(target) {
                newest.merge(rule.newest);
            }
        }
        newest.strictest_after(since)
    }

    /// Marks a target as purged in this table's epoch.
    pub fn purge(&mut self, target: &PurgeTarget, mode: PurgeMode) {
        let once = Newest::once(mode, self.epoch);
        match target {
            PurgeTarget::Everything => self.everything.merge(once),
            PurgeTarget::Tag(tag) => self.mark(slot_of(tag), once),
            _ => self.add(Rule { target: target.clone(), newest: once }),
        }
    }

    /// Marks a slot as purged in this table's epoch.
    pub fn purge_slot(&mut self, slot: u16, mode: PurgeMode) {
        self.mark(slot, Newest::once(mode, self.epoch));
    }

    /// Whether nothing is purged by it.
    pub fn is_empty(&self) -> bool {
        self.everything.is_never() && self.rules.is_empty() && self.slots.iter().all(Newest::is_never)
    }

    pub(super) fn mark(&mut self, slot: u16, newest: Newest) {
        if slot >= SLOTS {
            return;
        }
        let at = usize::from(slot);
        if self.slots.len() <= at {
            self.slots.resize(at + 1, Newest::default());
        }
        if let Some(known) = self.slots.get_mut(at) {
            known.merge(newest);
        }
    }

    pub(super) fn add(&mut self, rule: Rule) {
        match self.rules.iter_mut().find(|known| known.target == rule.target) {
            Some(known) => known.newest.merge(rule.newest),
            None => self.rules.push(rule),
        }
        while self.rules.len() > MAX_RULES {
            let ages = self.rules.iter().enumerate().map(|(at, rule)| (rule.newest.latest(), at));
            let Some((_, oldest)) = ages.min() else { return };
            let rule = self.rules.swap_remove(oldest);
            self.everything.merge(rule.newest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(pattern: &str) -> PurgeTarget {
        PurgeTarget::parse(pattern).unwrap()
    }

    fn purged(epochs: &mut Epochs, epoch: u64, pattern: &str, mode: PurgeMode) {
        epochs.epoch = epoch;
        epochs.purge(&target(pattern), mode);
    }

    #[test]
    fn what_was_purged_after_an_answer_was_asked_for_counts_against_it() {
        let mut epochs = Epochs::default();
        purged(&mut epochs, 1, "tag:product:1", PurgeMode::Hard);
        purged(&mut epochs, 2, "tag:product:1", PurgeMode::Soft);
        purged(&mut epochs, 3, "/api/prices/*", PurgeMode::Revalidate);
        let slots = [slot_of("product:1"), slot_of("products")];
        let verdict = |target: &str, since| epochs.verdict(&slots, target, since);
        assert_eq!(verdict("/api/price/1", 0), Some(PurgeMode::Hard));
        assert_eq!(verdict("/api/price/1", 1), Some(PurgeMode::Soft));
        assert_eq!(verdict("/api/price/1", 2), None);
        assert_eq!(verdict("/api/prices/1", 2), Some(PurgeMode::Revalidate));
        assert_eq!(verdict("/api/prices/1", 3), None);
        assert_eq!(epochs.verdict(&[], "/api/x", 0), None);
    }

    #[test]
    fn a_65th_pattern_makes_the_oldest_count_for_everything() {
        let mut epochs = Epochs::default();
        for epoch in 1..=64 {
            purged(&mut epochs, epoch, &format!("/p{epoch}/*"), PurgeMode::Revalidate);
        }
        assert_eq!(epochs.verdict(&[], "/other", 0), None);
        purged(&mut epochs, 65, "/p1/*", PurgeMode::Soft);
        assert_eq!(epochs.rules.len(), 64, "the same pattern is one rule");
        purged(&mut epochs, 66, "/p66/*", PurgeMode::Hard);
        assert_eq!((epochs.rules.len(), epochs.everything), (64, Newest([0, 2, 0])));
        assert_eq!(epochs.verdict(&[], "/other", 1), Some(PurgeMode::Revalidate));
        assert_eq!(epochs.verdict(&[], "/other", 2), None);
    }
}
