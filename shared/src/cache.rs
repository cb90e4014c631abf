//! The first rules of the response cache: what may be kept, under which key, for how long. The whole of RFC 9111
//! comes with the cache issue; what stands here is right and small.

mod cacheable;
mod envelope;
mod key;
mod lifetime;

pub use cacheable::{Bypass, is_cached_route};
pub use envelope::Envelope;
pub use key::{CacheKey, InvalidTarget, path_of, target_of};
pub use lifetime::{Lifetime, NotStored, UpstreamFields, lifetime};

/// No cached answer lives longer than this until a price change can purge it: a wrong price must not live ten
/// minutes.
pub const MAX_LIFETIME_SECONDS: u32 = 5;

/// Lifetimes end this much early, because clocks stand still between I/O at the edge.
pub const CLOCK_SLACK_MS: i64 = 100;
