//! What the Hub keeps, room by room. Each names its tables and the few statements on them.

mod audit;
mod counters;
mod nonces;
mod purges;
mod revocations;
mod stats;

pub(super) use audit::{TABLE as AUDIT, append, append_events, records};
pub(super) use counters::{TABLE as COUNTERS, count_prices};
pub(super) use nonces::{TABLE as NONCES, spend as spend_nonce};
pub(super) use purges::{TABLE as PURGES, clear, purge, since as purges_since};
pub(super) use revocations::{
    TABLE as REVOCATIONS, forget as forget_revocations, not_before, revoke, since as revocations_since,
};
pub(super) use stats::{TABLE as STATS, tell, told};
