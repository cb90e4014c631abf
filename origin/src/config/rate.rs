//! The origin's own rate limiter.

use super::RedisUrl;
use valora_shared::config::Bounded;

valora_shared::section! {
    /// The origin's own rate limiter, for requests that come past the edge.
    pub struct OriginRateConfig("Rate limit at the origin") {
        /// Clients whose requests of the last day each replica remembers: about 200 bytes of memory for one, never more
        /// than 1 KiB. When there are more, those are forgotten that have spent least.
        pub rate_limit_clients: Bounded<1_000, 100_000_000>, var "RATE_LIMIT_CLIENTS" = "131072";
        /// A Redis that counts for all replicas, beside the memory of each. It may die and return, empty or not, at any
        /// time.
        pub redis_rate_limit_url: Option<RedisUrl>, var "REDIS_RATE_LIMIT_URL", secret;
    }
}
