//! The origin's own response cache.

use super::RedisUrl;
use valora_shared::config::Bounded;

valora_shared::section! {
    /// The origin's own response cache, for requests that come past the edge.
    pub struct OriginCacheConfig("Origin cache") {
        /// Bytes of answers the origin keeps in memory for requests that come past the edge; 0 keeps none, and asks no
        /// Redis for any.
        pub origin_cache_memory_bytes: Bounded<0, 4_294_967_296>, var "ORIGIN_CACHE_MEMORY_BYTES" = "33554432";
        /// A Redis that keeps answers for all replicas, behind the memory of each. It may die and return, empty or not,
        /// at any time.
        pub redis_url: Option<RedisUrl>, var "REDIS_URL", secret;
    }
}
