//! From what marketplaces charge to what the shop shows (design: prices.md). Pure and in integers; the Python
//! backend's floats differ by at most one paisa.

mod aggregate;
mod confidence;
mod display;
mod guard;
mod quartiles;
mod text;

pub use aggregate::{Aggregate, Quote, aggregate};
pub use confidence::{Confidence, InvalidConfidence};
pub use display::{PriceRule, display_price};
pub use guard::{backoff_ms, is_suspicious};
pub use text::{BelievablePrices, UnreadablePrice, read_price};

/// Observations older than this do not count, unless `PRICE_MAX_AGE_HOURS` says otherwise (a csv's last until
/// its next import).
pub const MILLIS_PER_HOUR: i64 = 3_600_000;
