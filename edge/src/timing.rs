//! Time limits, and the spans a client may see. Only I/O can be timed: in production the clock stands still
//! while code runs.

use futures_util::future::{Either, select};
use std::{future::Future, pin::pin, time::Duration};
use valora_shared::time::UnixMillis;

/// The future's result, or `None` when the limit passes first.
pub async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    match select(pin!(future), pin!(worker::Delay::from(limit))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// I/O spans of one request.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    list: Vec<(&'static str, i64)>,
    waited_ms: i64,
    newest: Option<UnixMillis>,
}

impl Spans {
    /// Of a request that waited for nothing.
    pub const NONE: &'static Self = &Self { list: Vec::new(), waited_ms: 0, newest: None };

    /// Adds what passed between two readings of the clock.
    pub fn add(&mut self, name: &'static str, from: UnixMillis, to: UnixMillis) {
        self.list.push((name, to.since(from)));
        // What is waited for side by side passes once.
        let from = self.newest.map_or(from, |newest| newest.max(from));
        self.waited_ms += to.since(from).max(0);
        self.read(to);
    }

    /// Notes that the clock was read.
    pub fn read(&mut self, now: UnixMillis) {
        self.newest = self.newest.max(Some(now));
    }

    /// The latest reading of the clock.
    pub fn newest(&self) -> Option<UnixMillis> {
        self.newest
    }

    /// Milliseconds in all.
    pub fn total_ms(&self) -> i64 {
        self.waited_ms
    }

    /// As Server-Timing: `kv;dur=1, origin;dur=12`. A request without I/O says `edge;dur=0`.
    pub fn server_timing(&self) -> String {
        if self.list.is_empty() {
            return NO_IO.to_owned();
        }
        self.list.iter().map(|(name, ms)| format!("{name};dur={ms}")).collect::<Vec<_>>().join(", ")
    }
}

const NO_IO: &str = "edge;dur=0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_order_they_happened() {
        let mut spans = Spans::default();
        assert_eq!(spans.server_timing(), "edge;dur=0");
        spans.add("kv", UnixMillis(10), UnixMillis(11));
        spans.add("origin", UnixMillis(11), UnixMillis(31));
        assert_eq!(spans.server_timing(), "kv;dur=1, origin;dur=20");
        assert_eq!(spans.total_ms(), 21);
        spans.add("hub", UnixMillis(11), UnixMillis(33));
        assert_eq!(
            (spans.total_ms(), spans.newest()),
            (23, Some(UnixMillis(33))),
            "twenty of them were no wait more"
        );
    }
}
