//! Header sets: what must be there, with which value, and nothing else.

use anyhow::{Result, bail};

use crate::client::Answer;

/// What a refused browser page is told in development.
pub const ORIGIN_HINT: &str = "Set FRONTEND_URL to the page's origin to allow it.";

const SECURITY: [(&str, &str); 8] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "0"),
];

/// What the edge says on every answer that its wasm made; the values differ from answer to answer.
const TOLD: [&str; 3] = ["x-correlation-id", "x-response-time", "server-timing"];

/// The limits, on every answer of an edge that knows its settings.
const LIMITS: [&str; 4] =
    ["x-ratelimit-limit-minute", "x-ratelimit-limit-hour", "x-ratelimit-limit-day", "ratelimit-policy"];

/// What remains of them, where the isolate happens to know.
const REMAINING: [&str; 4] =
    ["x-ratelimit-remaining-minute", "x-ratelimit-remaining-hour", "x-ratelimit-remaining-day", "ratelimit"];

const EXPOSED: &str = "age, etag, ratelimit, ratelimit-policy, retry-after, server-timing, x-cache, x-cache-ttl, \
     x-correlation-id, x-ratelimit-limit-day, x-ratelimit-limit-hour, x-ratelimit-limit-minute, \
     x-ratelimit-remaining-day, x-ratelimit-remaining-hour, x-ratelimit-remaining-minute, x-response-time";

/// The runtime's own: how long the body is, one way or the other.
const FRAMING: [&str; 3] = ["content-length", "transfer-encoding", "connection"];

/// The headers an answer of the edge must have.
#[derive(Debug, Clone)]
pub struct HeaderSet(Vec<(&'static str, Option<String>)>);

impl HeaderSet {
    /// Security, timing, correlation id, X-Cache: on every answer.
    pub fn of_edge(x_cache: &str) -> Self {
        let security = SECURITY.map(|(name, value)| (name, Some(value.to_owned())));
        let told = TOLD.into_iter().chain(LIMITS).map(|name| (name, None));
        Self(security.into_iter().chain(told).collect()).with("x-cache", x_cache).with("vary", "Origin")
    }

    /// An answer of the origin, passed on: with the time at which the origin made it.
    pub fn passed(x_cache: &str) -> Self {
        Self::of_edge(x_cache).with_any("date")
    }

    /// JSON of the origin's that every client asks for itself.
    pub fn json_passed(x_cache: &str) -> Self {
        Self::passed(x_cache)
            .with("content-type", "application/json")
            .with("cache-control", "no-cache")
            .with_any("etag")
    }

    /// An answer that the edge keeps, the first time.
    pub fn miss() -> Self {
        Self::json_passed("MISS").looked_up().with("vary", "Accept-Encoding, Origin").with_any("x-cache-ttl")
    }

    /// The same from the cache.
    pub fn hit() -> Self {
        Self::miss().with("x-cache", "HIT").with_any("age")
    }

    /// And what an answer has that the cache was asked for.
    #[must_use]
    pub fn looked_up(self) -> Self {
        self.with_any("cache-status").with_any("x-cache-key")
    }

    /// An error that the edge found itself.
    pub fn problem() -> Self {
        Self::of_edge("BYPASS")
            .with("content-type", "application/problem+json")
            .with("cache-control", "no-store")
    }

    /// An error that the origin found, on a route that is not cached.
    pub fn problem_passed() -> Self {
        Self::problem().with_any("date")
    }

    /// A refusal of the edge's own for want of a credential.
    pub fn unauthorized_at_edge() -> Self {
        Self::problem().with("www-authenticate", "Bearer")
    }

    /// The answer for a request whose instance died: made without the wasm, so it knows neither cache nor timing
    /// nor environment, and takes the stricter rules.
    pub fn last_resort() -> Self {
        Self::problem().without(&["x-cache", "vary", "x-response-time", "server-timing"]).without(&LIMITS)
    }

    /// Where the edge does not know its environment, it takes the stricter rules.
    #[must_use]
    pub fn strict(self) -> Self {
        self.without(&LIMITS).with("strict-transport-security", "max-age=63072000; includeSubDomains")
    }

    /// And what an allowed page gets.
    #[must_use]
    pub fn allowed(self, origin: &str) -> Self {
        self.with("access-control-allow-origin", origin)
            .with("access-control-allow-credentials", "true")
            .with("access-control-expose-headers", EXPOSED)
    }

    /// And what a refused page gets in development.
    #[must_use]
    pub fn refused(self) -> Self {
        self.with("x-valora-cors", ORIGIN_HINT)
    }

    /// And this header; another value for one that is in already.
    #[must_use]
    pub fn with(self, name: &'static str, value: &str) -> Self {
        self.put(name, Some(value.to_owned()))
    }

    /// And this header, whatever its value.
    #[must_use]
    pub fn with_any(self, name: &'static str) -> Self {
        self.put(name, None)
    }

    /// Less these headers.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(name));
        self
    }

    /// Compares with an answer.
    ///
    /// # Errors
    /// Every difference.
    pub fn check(&self, answer: &Answer) -> Result<()> {
        let given: Vec<_> = answer.headers.iter().filter(|(name, _)| !is_optional(name)).collect();
        let mut faults = Vec::new();
        for (name, value) in &self.0 {
            let found: Vec<&str> =
                given.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
            match (found.as_slice(), value) {
                ([one], Some(value)) if one != value => {
                    faults.push(format!("{name} is {one:?} and not {value:?}"));
                }
                ([""], None) => faults.push(format!("{name} is empty")),
                ([_], _) => {}
                ([], _) => faults.push(format!("{name} is missing")),
                (several, _) => faults.push(format!("{name} is there {} times", several.len())),
            }
        }
        let unknown = given.iter().filter(|(name, _)| !self.0.iter().any(|(known, _)| known == name));
        faults.extend(unknown.map(|(name, value)| format!("{name}: {value} should not be there")));
        if faults.is_empty() { Ok(()) } else { bail!("{}\n{}", faults.join("\n"), answer.shown()) }
    }

    fn put(mut self, name: &'static str, value: Option<String>) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
        self
    }
}

fn is_optional(name: &str) -> bool {
    FRAMING.contains(&name) || REMAINING.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status: 200, headers, body: Vec::new() }
    }

    fn faults(headers: &[(&str, &str)]) -> String {
        let set = HeaderSet(Vec::new()).with("a", "1").with_any("b");
        set.check(&answer(headers)).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        assert_eq!(faults(&[("a", "1"), ("b", "x"), ("content-length", "0")]), "");
        assert!(faults(&[("a", "2"), ("b", "x")]).contains("a is \"2\" and not \"1\""));
        assert!(faults(&[("a", "1")]).contains("b is missing"));
        assert!(faults(&[("a", "1"), ("b", "")]).contains("b is empty"));
        assert!(faults(&[("a", "1"), ("a", "1"), ("b", "x")]).contains("a is there 2 times"));
        assert!(faults(&[("a", "1"), ("b", "x"), ("c", "3")]).contains("c: 3 should not be there"));
    }
}
