//! What the Hub keeps, room by room. Each names its tables and the few statements on them.

mod audit;
mod counters;
mod nonces;
mod revocations;

pub(super) use audit::{TABLE as AUDIT, append, append_events, records};
pub(super) use counters::{TABLE as COUNTERS, count_prices, count_purges, purge_epoch};
pub(super) use nonces::{TABLE as NONCES, spend as spend_nonce};
pub(super) use revocations::{
    TABLE as REVOCATIONS, forget as forget_revocations, not_before, revoke, since as revocations_since,
};
