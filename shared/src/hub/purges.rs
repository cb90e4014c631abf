//! Which purges a call of the Hub marks at once, and which wait.
//!
//! Fifty price changes a second would purge the lists they are in fifty times a second, and no list would ever be a
//! HIT. So a list's tag is purged at once, and what follows within [`LIST_EVERY_MS`] becomes one purge when that time
//! is over. It needs no timer: a purge is visible to whoever asks the Hub, and before anybody is answered what is due is
//! done. What an admin clears never waits.

use crate::{
    cache::{Epochs, PurgeTarget, slot_of, strictness},
    events::{PRODUCTS_TAG, Purge, PurgeMode},
    time::UnixMillis,
};

/// How long after one purge of a list's tag the next one waits.
pub const LIST_EVERY_MS: i64 = 500;

/// A list's tag that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Of the tag.
    pub slot: u16,
    /// The strictest it was purged in meanwhile.
    pub mode: PurgeMode,
    /// When it is done.
    pub due: UnixMillis,
}

/// What one call purges: one epoch, however much it is.
#[derive(Debug)]
pub struct Batch {
    now: UnixMillis,
    /// What is marked at once.
    pub marks: Epochs,
    /// Slots of the list tags among it.
    pub lists: Vec<u16>,
    /// What waits, each slot once.
    pub waiting: Vec<Waiting>,
}

impl Batch {
    /// For a call at `now`, which would have `epoch`, with what was waiting and is due.
    pub fn new(now: UnixMillis, epoch: u64, due: &[(u16, PurgeMode)]) -> Self {
        let mut batch = Self { now, marks: Epochs::at(epoch), lists: Vec::new(), waiting: Vec::new() };
        for (slot, mode) in due {
            batch.mark_list(*slot, *mode);
        }
        batch
    }

    /// Adds an event's. `recent` holds the slots of list tags that were purged in the last [`LIST_EVERY_MS`] and when.
    pub fn add(&mut self, purge: &Purge, recent: &[(u16, UnixMillis)]) {
        for tag in &purge.tags {
            let slot = slot_of(tag);
            if !is_list(tag) {
                self.marks.purge_slot(slot, purge.mode);
                continue;
            }
            let last = recent.iter().filter(|(known, _)| *known == slot).map(|(_, at)| at.0).max();
            match last {
                Some(last) if !self.lists.contains(&slot) => self.wait(slot, purge.mode, last),
                _ => self.mark_list(slot, purge.mode),
            }
        }
    }

    /// Adds what an admin clears.
    pub fn clear(&mut self, target: &PurgeTarget, mode: PurgeMode) {
        match target {
            PurgeTarget::Tag(tag) if is_list(tag) => self.mark_list(slot_of(tag), mode),
            target => self.marks.purge(target, mode),
        }
    }

    fn mark_list(&mut self, slot: u16, mode: PurgeMode) {
        self.marks.purge_slot(slot, mode);
        if !self.lists.contains(&slot) {
            self.lists.push(slot);
        }
    }

    fn wait(&mut self, slot: u16, mode: PurgeMode, last: i64) {
        // Never longer than from now, should the clock have stepped back meanwhile.
        let due = UnixMillis(last.min(self.now.0).saturating_add(LIST_EVERY_MS));
        match self.waiting.iter_mut().find(|waiting| waiting.slot == slot) {
            Some(known) if strictness(known.mode) <= strictness(mode) => {}
            Some(known) => known.mode = mode,
            None => self.waiting.push(Waiting { slot, mode, due }),
        }
    }
}

/// By when a purge of a call at `at` binds every answer that is not marked as unverified, where isolates rely on a look
/// at the epochs for `max_age_ms`. RFC 3339.
pub fn visible_by(at: UnixMillis, max_age_ms: u64) -> String {
    let max_age_ms = i64::try_from(max_age_ms).unwrap_or(i64::MAX);
    UnixMillis(at.0.saturating_add(max_age_ms).saturating_add(LIST_EVERY_MS)).to_rfc3339()
}

fn is_list(tag: &str) -> bool {
    tag == PRODUCTS_TAG || tag.starts_with("category:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn purge(tags: &[&str], mode: PurgeMode) -> Purge {
        Purge { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), mode }
    }

    fn verdict(batch: &Batch, tag: &str) -> Option<PurgeMode> {
        batch.marks.verdict(&[slot_of(tag)], "/", 0)
    }

    #[test]
    fn a_product_is_purged_at_once_and_its_list_once_in_a_while() {
        let (list, hard) = (slot_of("products"), PurgeMode::Hard);
        let mut batch = Batch::new(NOW, 7, &[]);
        let recent = [(list, UnixMillis(NOW.0 - 400))];
        batch.add(&purge(&["product:1", "products", "category:Phones"], PurgeMode::Soft), &recent);
        batch.add(&purge(&["products"], hard), &recent);
        batch.add(&purge(&["products"], PurgeMode::Revalidate), &recent);
        assert_eq!(verdict(&batch, "product:1"), Some(PurgeMode::Soft));
        assert_eq!((verdict(&batch, "products"), batch.lists), (None, vec![slot_of("category:Phones")]));
        assert_eq!(batch.waiting, [Waiting { slot: list, mode: hard, due: UnixMillis(NOW.0 + 100) }]);
    }

    #[test]
    fn what_is_due_or_cleared_does_not_wait() {
        let list = slot_of("products");
        let mut batch = Batch::new(NOW, 7, &[(list, PurgeMode::Soft)]);
        batch.add(&purge(&["products"], PurgeMode::Revalidate), &[]);
        assert_eq!((verdict(&batch, "products"), batch.lists.len()), (Some(PurgeMode::Revalidate), 1));
        let mut batch = Batch::new(NOW, 8, &[]);
        batch.clear(&PurgeTarget::Tag("products".to_owned()), PurgeMode::Hard);
        assert_eq!((verdict(&batch, "products"), batch.lists), (Some(PurgeMode::Hard), vec![list]));
    }

    #[test]
    fn a_clock_that_steps_back_makes_nothing_wait_longer() {
        let mut batch = Batch::new(NOW, 7, &[]);
        let recent = [(slot_of("products"), UnixMillis(NOW.0 + 60_000))];
        batch.add(&purge(&["products"], PurgeMode::Hard), &recent);
        assert_eq!(batch.waiting[0].due, UnixMillis(NOW.0 + LIST_EVERY_MS));
    }

    proptest! {
        /// Calls at any distances, each purging a list or only looking: whoever looks half a second after a purge was
        /// asked for finds it done, and there is at most one purge of the list in half a second.
        #[test]
        fn a_list_is_purged_half_a_second_late_at_most_and_never_forgotten(
            calls in vec((0_i64..400, any::<bool>()), 1..60),
        ) {
            let list = slot_of("products");
            let (mut now, mut epoch) = (NOW, 0);
            let (mut recent, mut waiting): (Vec<(u16, UnixMillis)>, Option<Waiting>) = (Vec::new(), None);
            let mut asked_for = Vec::new();
            for (pause, is_purge) in calls {
                now = UnixMillis(now.0 + pause);
                let due: Vec<_> = waiting.take_if(|waiting| waiting.due <= now).map(|w| (w.slot, w.mode)).into_iter().collect();
                let mut batch = Batch::new(now, epoch + 1, &due);
                recent.retain(|(_, at)| now.since(*at) < LIST_EVERY_MS);
                if is_purge {
                    batch.add(&purge(&["products"], PurgeMode::Hard), &recent);
                    asked_for.push(now);
                }
                if !batch.lists.is_empty() {
                    prop_assert!(recent.is_empty(), "two purges within half a second");
                    epoch += 1;
                    recent.push((list, now));
                    asked_for.clear();
                }
                waiting = waiting.or_else(|| batch.waiting.first().copied());
                prop_assert!(asked_for.iter().all(|at| now.since(*at) < LIST_EVERY_MS), "late");
                prop_assert_eq!(waiting.is_some(), !asked_for.is_empty());
            }
        }
    }

    #[test]
    fn a_purge_is_visible_when_a_look_and_a_list_have_had_their_time() {
        assert_eq!(visible_by(UnixMillis(1_790_000_000_123), 2_000), "2026-09-21T14:13:22.623Z");
    }
}
