//! The response cache's settings.

use super::{Bounded, Setting};
use crate::cache::{Lifetimes, Rows};

crate::section! {
    /// Lifetimes of cached answers, the same at edge and origin.
    pub struct LifetimesConfig("Cache lifetimes") {
        /// Seconds an answer may be kept where no row of the table names its path.
        pub cache_default_ttl: Bounded<0, 31_536_000>, var "CACHE_DEFAULT_TTL" = "300";
        /// Rows that replace the table's: /api/products 600, /api/prices 300, /api/search 180, /api/categories 1800.
        pub cache_ttls: Rows, var "CACHE_TTLS";
    }
}

crate::section! {
    /// The edge's response cache.
    pub struct EdgeCacheConfig("Edge cache") {
        /// `api` is VALORA's edge; `proxy` a plain HTTP cache (RFC 9111) in front of any `ORIGIN_URL`, without limits,
        /// routes or headers of its own, by which the cache is judged.
        pub edge_mode: EdgeMode, var "EDGE_MODE" = "api";
        /// Bytes of responses an isolate keeps in memory, of the 128 MB it has.
        pub cache_memory_bytes: Bounded<65_536, 67_108_864>, var "CACHE_MEMORY_BYTES" = "33554432";
        /// Bytes of a body; longer ones are passed on and not kept.
        pub cache_max_body: Bounded<1_024, 10_485_760>, var "CACHE_MAX_BODY" = "1048576";
        /// Milliseconds for which an isolate relies on its last look at the purge epochs. A price change is visible
        /// everywhere so much and half a second later; fewer looks cost less.
        pub cache_epoch_max_age_ms: Bounded<200, 60_000>, var "CACHE_EPOCH_MAX_AGE_MS" = "2000";
    }
}

impl LifetimesConfig {
    /// As a table.
    pub fn table(&self) -> Lifetimes {
        Lifetimes::new(u32::try_from(self.cache_default_ttl.get()).unwrap_or(u32::MAX), &self.cache_ttls)
    }
}

/// What the edge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeMode {
    /// VALORA's.
    Api,
    /// A plain HTTP cache.
    Proxy,
}

impl Setting for EdgeMode {
    fn form() -> String {
        "api or proxy".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "api" => Ok(Self::Api),
            "proxy" => Ok(Self::Proxy),
            _ => Err(format!("it must be {}", Self::form())),
        }
    }
}
