//! How requests were answered, since the start.

use std::sync::atomic::{AtomicU64, Ordering};

/// How the cache answered one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// From what is kept.
    Hit,
    /// Anew.
    Miss,
    /// From what is kept and no longer holds, because nothing better is to be had.
    Stale,
    /// Anew, and it is what was kept.
    Revalidated,
    /// Without a look, for the request's sake.
    Bypass,
}

const OUTCOMES: usize = 5;

/// Requests by outcome.
#[derive(Debug, Default)]
pub(crate) struct Counts([AtomicU64; OUTCOMES]);

impl Outcome {
    /// For X-Cache.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Stale => "STALE",
            Self::Revalidated => "REVALIDATED",
            Self::Bypass => "BYPASS",
        }
    }
}

impl Counts {
    pub(crate) fn add(&self, outcome: Outcome) {
        if let Some(count) = self.0.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(outcome as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}
