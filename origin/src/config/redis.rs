//! Where a Redis is.

use std::fmt;
use valora_shared::config::Setting;

/// Where a Redis is; the password, where there is one, stands in it.
#[derive(Clone)]
pub struct RedisUrl(redis::Client);

impl RedisUrl {
    /// Connects to it.
    pub(crate) fn client(&self) -> redis::Client {
        self.0.clone()
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}

impl Setting for RedisUrl {
    fn form() -> String {
        "redis://host:6379, rediss:// for TLS, with user:password@ before the host and /number of the database behind"
            .to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let is_network = text.starts_with("redis://") || text.starts_with("rediss://");
        // Why not is not told: it repeats parts of the URL.
        let client = is_network.then(|| redis::Client::open(text).ok()).flatten();
        client.map(Self).ok_or_else(|| format!("it must be {}", Self::form()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urls_of_the_guide_are_understood_and_never_shown() {
        for url in [
            "redis://localhost:6379",
            "redis://localhost:6379/0",
            "rediss://user:hunter2@cache.example:6380/2",
        ] {
            assert!(!format!("{:?}", RedisUrl::parse(url).unwrap()).contains("hunter2"), "{url}");
        }
        for bad in ["localhost:6379", "http://localhost", "redis://", "redis://:hunter2@host:none"] {
            assert!(!RedisUrl::parse(bad).unwrap_err().contains("hunter2"), "{bad}");
        }
    }
}
