//! An exact log of what was spent when, and what may be said of it. It knows nothing of buckets.

use proptest::prelude::*;
use valora_shared::rate::{Limits, Window};

/// The start of a day, and so of a bucket of each window.
pub(crate) const T: i64 = 1_790_035_200_000;

/// What was spent, by the millisecond.
#[derive(Default)]
pub(crate) struct Log(Vec<(i64, u32)>);

impl Log {
    pub(crate) fn add(&mut self, at: i64, cost: u32) {
        self.0.push((at, cost));
    }

    /// What was spent from `from` on, up to and with `to`.
    pub(crate) fn spent(&self, from: i64, to: i64) -> u32 {
        self.0.iter().filter(|(at, _)| (from..=to).contains(at)).map(|(_, cost)| cost).sum()
    }

    /// Whether in no window of whatever place, both ends included, more was spent than its limit.
    ///
    /// Each window that holds too much could be moved until it ends with the last spend in it.
    pub(crate) fn obeys(&self, limits: &Limits) -> Result<(), String> {
        for window in Window::ALL {
            for (at, _) in &self.0 {
                let spent = self.spent(at - window.length_ms(), *at);
                if spent > limits.of(window) {
                    return Err(format!("{spent} spent in the {window:?} until {}", at - T));
                }
            }
        }
        Ok(())
    }

    /// Whether a log that looks back so much longer than the window, without its start, would let this through.
    pub(crate) fn would_admit(
        &self,
        limits: &Limits,
        at: i64,
        cost: u32,
        longer_ms: impl Fn(Window) -> i64,
    ) -> bool {
        Window::ALL.into_iter().all(|window| {
            let from = at - window.length_ms() - longer_ms(window) + 1;
            self.spent(from, i64::MAX) + cost <= limits.of(window)
        })
    }
}

/// So many cases, or as many as `PROPTEST_CASES` says.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig::default();
    ProptestConfig { cases: if told { config.cases } else { cases }, failure_persistence: None, ..config }
}

/// Limits of which now this, now that window is the narrow one.
pub(crate) fn any_limits() -> impl Strategy<Value = Limits> {
    prop_oneof![
        (1..12_u32).prop_map(|minute| Limits { minute, hour: 999, day: 9_999 }),
        (1..12_u32).prop_map(|hour| Limits { minute: 999, hour, day: 9_999 }),
        (1..12_u32).prop_map(|day| Limits { minute: 999, hour: 999, day }),
        (1..9_u32, 4..30_u32, 8..60_u32).prop_map(|(minute, hour, day)| Limits { minute, hour, day }),
    ]
}

/// Milliseconds between two requests: at once, around a bucket, around each window's length.
pub(crate) fn any_gap() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => Just(0_i64),
        6 => 0..2_500_i64,
        2 => (0..4_i64).prop_map(|seconds| seconds * 1_000),
        3 => 58_000..62_500_i64,
        2 => 50_000..1_000_000_i64,
        2 => 3_530_000..3_730_000_i64,
        2 => 85_000_000..88_500_000_i64,
    ]
}
