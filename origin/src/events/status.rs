//! What sending shows of itself.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use valora_shared::time::UnixMillis;

/// What one process did since its start.
#[derive(Debug, Default)]
pub struct EventsStatus {
    sent: AtomicU64,
    refused: AtomicU64,
    deliveries: AtomicU64,
    is_failing: AtomicBool,
    audited_minute: AtomicI64,
    audited_nobodies: AtomicU64,
}

/// Refusals of nobody that are kept in a minute; the log has them all. Each is a row, and anybody can cause them.
const MOST_NOBODIES: u64 = 60;

impl EventsStatus {
    pub(super) fn took(&self, sent: usize, refused: usize) {
        self.deliveries.fetch_add(1, Ordering::Relaxed);
        self.sent.fetch_add(sent as u64, Ordering::Relaxed);
        self.refused.fetch_add(refused as u64, Ordering::Relaxed);
    }

    /// Says how it stands, and whether it stood otherwise before.
    pub(super) fn set_failing(&self, is_failing: bool) -> bool {
        self.is_failing.swap(is_failing, Ordering::Relaxed) != is_failing
    }

    /// Deliveries, events the edge took, and events it refused.
    pub fn get(&self) -> (u64, u64, u64) {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (get(&self.deliveries), get(&self.sent), get(&self.refused))
    }

    /// Whether the last delivery failed.
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Whether one more refusal of nobody may be kept. Two threads that meet at the turn of a minute may count one
    /// too few, which does no harm.
    pub(crate) fn may_audit_nobody(&self, now: UnixMillis) -> bool {
        let minute = now.0.div_euclid(60_000);
        if self.audited_minute.swap(minute, Ordering::Relaxed) != minute {
            self.audited_nobodies.store(0, Ordering::Relaxed);
        }
        self.audited_nobodies.fetch_add(1, Ordering::Relaxed) < MOST_NOBODIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_fills_the_audit() {
        let status = EventsStatus::default();
        let kept = |at| (0..1_000).filter(|_| status.may_audit_nobody(UnixMillis(at))).count();
        assert_eq!((kept(0), kept(59_999), kept(60_000)), (60, 0, 60));
    }
}
