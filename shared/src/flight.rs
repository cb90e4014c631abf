//! Single-flight: of all who miss one key at once, one *leads* and its fetch answers the others too. What is decided
//! here is asked by the object `Flight` of that key (design: cache.md, ADR 0009): who leads, who waits, who gets a
//! kept answer, who goes to the origin directly; and whether an answer may be given to more than its leader.
//!
//! Only requests without Authorization and Cookie may come here. Bodies do not.

mod call;
mod desk;
mod terms;
mod text;
mod variant;

pub use call::Call;
pub use desk::{Desk, Verdict};
pub use terms::shared_by;
pub use variant::{object_name, same_variant};

/// An answer that may be shared stays with the object for so long.
pub const KEPT_MS: i64 = 5_000;
/// For so long after an answer that may not be shared everybody goes directly (hit-for-miss).
pub const NOT_SHARED_MS: i64 = 5_000;
/// Nobody waits longer for another one's answer.
pub const WAIT_MS: u32 = 2_000;
