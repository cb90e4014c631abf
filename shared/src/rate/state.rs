//! What is known of one client.

use super::{Decision, Limits, Refusal, Verdict, Window, Windows, ring::Ring};
use crate::time::UnixMillis;

/// Milliseconds since 1970 up to which seconds can be counted, with room for the buckets ahead: the year 2106.
pub(super) const END_OF_TIME: i64 = 4_294_967_000_000;

/// The spends of one client that still count, and its leases that are still out.
///
/// Under 1 KiB, and under 200 bytes for a client whose first request is less than a minute old.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The latest time it was ever told, in milliseconds since 1970: its own time never goes back.
    pub(super) newest: i64,
    /// By window; with nothing before the window's oldest bucket at `newest`.
    pub(super) rings: [Ring; 3],
    /// Their counts.
    pub(super) counts: Vec<u8>,
    /// Of which something may come back, none of them expired at `newest`.
    pub(super) leases: Vec<Open>,
    /// The number of the last lease.
    pub(super) last_lease: u32,
}

/// A lease that is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    /// In whose buckets it is booked.
    pub(super) expires_at: i64,
    pub(super) id: u32,
    /// The most that may come back.
    pub(super) spare: u32,
}

impl State {
    /// When nothing will count any more; `None` if nothing does.
    pub fn forgotten_at(&self) -> Option<UnixMillis> {
        let ends = self.rings.iter().zip(Window::ALL);
        ends.filter_map(|(ring, window)| Some(UnixMillis(window.leaves_at(ring.last()?)))).max()
    }

    /// Whether nothing counts at `now`, so that all of this may be forgotten.
    pub fn is_idle(&self, now: UnixMillis) -> bool {
        self.forgotten_at().is_none_or(|at| at.0 <= now.0.max(self.newest))
    }

    /// What counts in the longest window, as of the last call.
    pub fn spent(&self) -> u32 {
        self.rings.last().map_or(0, |ring| ring.sum)
    }

    /// Forgets what was spent. Leases that are out go on being spent, uncounted, for at most two seconds.
    ///
    /// It believes `now` even if it has seen later: that is how a client comes free whose limiter was once told a time
    /// in the far future.
    pub fn reset(&mut self, now: UnixMillis) {
        let newest = now.0.clamp(0, END_OF_TIME);
        // Numbers go on: what comes back of an old lease must not be taken for a new one's.
        *self = Self { newest, last_lease: self.last_lease, ..Self::default() };
    }

    /// Forgets what counts no more, and returns the time that holds: `now`, or the latest it was told.
    pub(super) fn advance(&mut self, now: UnixMillis) -> i64 {
        let now = now.0.clamp(0, END_OF_TIME).max(self.newest);
        self.newest = now;
        self.each(|ring, counts, start, window| ring.forget_before(counts, start, window.oldest(now)));
        self.leases.retain(|lease| now < lease.expires_at);
        now
    }

    /// Counts so much at `at`, in all windows.
    pub(super) fn book(&mut self, at: i64, cost: u32) {
        if cost > 0 {
            self.each(|ring, counts, start, window| ring.add(counts, start, window.bucket(at), cost));
        }
    }

    /// Takes back what was counted at `at`.
    pub(super) fn unbook(&mut self, at: i64, cost: u32) {
        self.each(|ring, counts, start, window| ring.subtract(counts, start, window.bucket(at), cost));
    }

    /// Whether `cost` fits, seen by a client whose clock shows `now`.
    pub(super) fn verdict(&self, now: UnixMillis, cost: u32, limits: &Limits) -> Verdict {
        let (mut too_costly, mut violated) = (Windows::default(), Windows::default());
        let (mut fits_at, mut longest) = (0, Window::Minute);
        let mut start = 0;
        for (ring, window) in self.rings.iter().zip(Window::ALL) {
            let limit = limits.of(window);
            if cost > limit {
                too_costly.add(window);
            } else if cost > limit.saturating_sub(ring.sum) {
                violated.add(window);
                let excess = ring.sum.saturating_add(cost) - limit;
                let leaves_at = window.leaves_at(ring.leaving_with(&self.counts, start, excess));
                if leaves_at > fits_at {
                    (fits_at, longest) = (leaves_at, window);
                }
            }
            start += usize::from(ring.len);
        }
        if !too_costly.is_empty() {
            Verdict::TooCostly(too_costly)
        } else if violated.is_empty() {
            Verdict::Admitted
        } else {
            // From the clock that was shown, not from the latest: after a step back it has farther to go.
            Verdict::Refused(Refusal { retry_after_ms: ms_until(now, fits_at), longest, violated })
        }
    }

    /// The verdict with how the windows stand now.
    pub(super) fn tell(&self, now: UnixMillis, verdict: Verdict, limits: &Limits) -> Decision {
        let mut usage = limits.unused();
        for ((usage, ring), window) in usage.iter_mut().zip(&self.rings).zip(Window::ALL) {
            if ring.buckets > 0 {
                usage.used = ring.sum;
                usage.more_in_ms = ms_until(now, window.leaves_at(ring.first));
            }
        }
        Decision { verdict, usage }
    }

    /// What fits into all windows.
    pub(super) fn room(&self, limits: &Limits) -> u32 {
        let rooms = self.rings.iter().zip(Window::ALL);
        rooms.map(|(ring, window)| limits.of(window).saturating_sub(ring.sum)).min().unwrap_or_default()
    }

    fn each(&mut self, mut change: impl FnMut(&mut Ring, &mut Vec<u8>, usize, Window)) {
        let mut start = 0;
        for (ring, window) in self.rings.iter_mut().zip(Window::ALL) {
            change(ring, &mut self.counts, start, window);
            start += usize::from(ring.len);
        }
    }
}

fn ms_until(now: UnixMillis, at: i64) -> u32 {
    u32::try_from(UnixMillis(at).since(now)).unwrap_or(u32::MAX)
}
