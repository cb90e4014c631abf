//! The rules of the response cache (RFC 9111, RFC 5861, RFC 9211, RFC 9213), the same at edge and origin: what may be
//! kept and on which terms, under which key, and whether what is kept answers a request.

mod cacheable;
mod coding;
mod conditional;
mod control;
mod date;
mod envelope;
mod epochs;
mod fields;
mod freshen;
mod keeping;
mod key;
mod status;
mod stored;
mod table;
mod vary;

pub use cacheable::{Bypass, is_cached_route, route_of};
pub use coding::{has_paid, is_worth_packing, takes_gzip};
pub use conditional::{Extent, Preconditions};
pub use control::{MAX_SECONDS, RequestControl, ResponseControl};
pub use envelope::Envelope;
pub use epochs::{
    EpochChanges, Epochs, InvalidPart, MAX_CHANGES_BYTES, MAX_RULES, PurgeTarget, SLOTS, changes_from,
    mode_at, slot_of, strictness,
};
pub use fields::Fields;
pub use freshen::{freshened, is_of_the_body, kept_fields};
pub use keeping::{Answered, Asked, Keeping, NotKept, Policy, slots, tags};
pub use key::{CacheKey, InvalidTarget, after_scheme, path_of, target_of};
pub use status::{CacheStatus, Forward};
pub use stored::{Reason, Reuse, Stored};
pub use table::{Lifetimes, Rows};
pub use vary::{names as vary_names, variant};

/// Lifetimes end this much early, because clocks stand still between I/O at the edge.
pub const CLOCK_SLACK_MS: i64 = 100;
