//! The Hub (design: README.md): the one object that all isolates share. What is asked of it and what it answers, and
//! the rules of what it keeps; where it keeps it is the edge's.

mod audit;
mod clear;
mod message;
mod page;
mod purges;
mod revocations;
mod stats;

pub use audit::{FIRST_PREVIOUS_HASH, Record, is_chain};
pub use clear::{Clear, decoded};
pub use message::{Beat, Call, Delivered, MAX_ENTRIES, Reply};
pub use page::Page;
pub use purges::{Batch, LIST_EVERY_MS, Waiting, visible_by};
pub use revocations::{MAX_LIST, RevocationList, is_over, list_from};
pub use stats::{Counter, Report, STATS_EVERY_MS, Stats, Tally, human, ratio};

use crate::trust::MAX_CLOCK_SKEW_SECONDS;

/// How long an isolate believes what the last beat brought.
pub const BEAT_LIFE_MS: i64 = 5_000;
/// How long an isolate in use waits before it asks anew.
pub const BEAT_EVERY_MS: i64 = 1_000;
/// How long the Hub remembers a nonce: a signature is accepted from one clock skew before its time to one after, and
/// half a minute more for clocks of our own that differ.
pub const NONCE_LIFE_MS: i64 = (2 * MAX_CLOCK_SKEW_SECONDS + 30) * 1_000;
