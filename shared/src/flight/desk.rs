//! What the object of one key knows between calls, and what it says to each. Data only: it is written out as text
//! after each call, so that the death of a wasm instance loses nothing of it.

use super::{Call, KEPT_MS, NOT_SHARED_MS, variant::digest};
use crate::{cache::Fields, time::UnixMillis};

/// More fetches for one key are not under way at once: a variant, or a newer epoch, each.
pub(super) const MAX_UNDER_WAY: usize = 4;
/// Beyond its time a fetch may need so long to be told of.
const SLACK_MS: i64 = 1_000;

/// Fetches under way, and the last answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desk {
    /// Until then nobody's answer is given to another.
    pub(super) not_shared_until: i64,
    /// By what the last answer that was shared varies.
    pub(super) names: Vec<String>,
    /// The number of the last fetch.
    pub(super) last: u32,
    pub(super) kept: Option<Flight>,
    pub(super) under_way: Vec<Flight>,
}

/// One fetch, or its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flight {
    /// They count up in the order they are sent.
    pub(super) number: u32,
    pub(super) epoch: u64,
    /// Milliseconds since 1970; a mark of somebody who may be dead by now, or the end of an answer's stay.
    pub(super) until: i64,
    pub(super) variant: String,
}

/// What a call is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The answer that is kept.
    Kept(u32),
    /// Wait for the fetch of this number, at most so many milliseconds, then go directly.
    Wait(u32, u32),
    /// Fetch it, under this number.
    Lead(u32),
    /// Go to the origin yourself.
    Direct,
}

impl Desk {
    /// Decides for one call whose request has the fields `asked`.
    pub fn admit(&mut self, call: Call, asked: Fields<'_>, now: UnixMillis) -> Verdict {
        self.under_way.retain(|flight| now.0 < flight.until);
        self.kept = self.kept.take().filter(|kept| now.0 < kept.until);
        if now.0 < self.not_shared_until {
            return Verdict::Direct;
        }
        let variant = digest(&self.names, asked);
        let fits = |flight: &&Flight| flight.epoch >= call.epoch && flight.variant == variant;
        if let Some(kept) = self.kept.as_ref().filter(fits) {
            return Verdict::Kept(kept.number);
        }
        if let Some(flight) = self.under_way.iter().rev().find(fits) {
            return Verdict::Wait(flight.number, call.wait_ms());
        }
        if self.under_way.len() >= MAX_UNDER_WAY {
            return Verdict::Direct;
        }
        self.last = self.last.wrapping_add(1);
        let until = now.0.saturating_add(i64::from(call.timeout_ms)).saturating_add(SLACK_MS);
        self.under_way.push(Flight { number: self.last, epoch: call.epoch, until, variant });
        Verdict::Lead(self.last)
    }

    /// A fetch has brought an answer that may be shared, varying by `names`; its own request had the fields `asked`.
    pub fn land(&mut self, number: u32, names: Vec<String>, asked: Fields<'_>, now: UnixMillis) {
        let Some(flight) = self.remove(number) else { return };
        // One that was sent later has landed already.
        if self.kept.as_ref().is_some_and(|kept| kept.number > number) {
            return;
        }
        let variant = digest(&names, asked);
        self.names = names;
        self.kept = Some(Flight { until: now.0.saturating_add(KEPT_MS), variant, ..flight });
    }

    /// A fetch has brought an answer that may not be shared.
    pub fn land_alone(&mut self, number: u32, now: UnixMillis) {
        let _gone = self.remove(number);
        self.kept = None;
        self.not_shared_until = now.0.saturating_add(NOT_SHARED_MS);
    }

    /// A fetch has failed; the next call tries again.
    pub fn fail(&mut self, number: u32) {
        let _gone = self.remove(number);
    }

    /// The number of the kept answer; the body of any other may go.
    pub fn kept(&self) -> Option<u32> {
        self.kept.as_ref().map(|kept| kept.number)
    }

    fn remove(&mut self, number: u32) -> Option<Flight> {
        let at = self.under_way.iter().position(|flight| flight.number == number)?;
        Some(self.under_way.remove(at))
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
