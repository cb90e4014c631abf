//! One request on its way through the pipeline: what the client said, what the steps found out, what I/O brought.

use crate::{answer::Passed, cache::Entry, timing::Spans, upstream::Failure};
use std::rc::Rc;
use valora_shared::{
    cache::{CacheKey, path_of},
    id::CorrelationId,
    time::UnixMillis,
    wire::ServiceHealth,
};

/// What the client said, as far as steps decide by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The method, in capitals.
    pub method: String,
    /// The absolute URL as the runtime gives it.
    pub url: String,
    /// `Origin`.
    pub origin: Option<String>,
    /// The client's own correlation id, valid or not.
    pub correlation_id: Option<String>,
    /// Whether there is an Authorization.
    pub has_authorization: bool,
    /// `Access-Control-Request-Method`, read for OPTIONS only.
    pub requested_method: Option<String>,
}

/// What I/O has brought so far; a step that finds a fact missing asks for it.
#[derive(Default)]
pub struct Facts {
    /// What KV holds under the key.
    pub kv: KvFact,
    /// The origin's answer.
    pub origin: Option<Result<Passed, Failure>>,
    /// What `/api/health/detailed` needs.
    pub health: Option<HealthFacts>,
    /// Set once a provoked fault has been waited for.
    #[cfg(feature = "fault-injection")]
    pub fault_awaited: bool,
}

/// What is known of KV.
#[derive(Clone, Default)]
pub enum KvFact {
    /// It was not asked.
    #[default]
    Unknown,
    /// It holds nothing usable, or did not answer in time.
    Absent,
    /// It holds this, fresh or not.
    Found(Rc<Entry>),
}

/// How the parts around the edge are.
pub struct HealthFacts {
    /// Workers KV.
    pub kv: ServiceHealth,
    /// The origin as seen from here.
    pub origin: ServiceHealth,
    /// Its status and detailed health, when it gave one.
    pub report: Option<(u16, serde_json::Map<String, serde_json::Value>)>,
}

/// How the cache looks at the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheView {
    /// Not, or not yet.
    Bypass,
    /// An answer may come from the cache under this key, and may be kept.
    Keyed(CacheKey),
}

/// The request and all that is known about it.
pub struct Exchange {
    /// What the client said.
    pub inbound: Inbound,
    /// When the request came in.
    pub now: UnixMillis,
    /// The id of the request, in every log line and answer.
    pub correlation_id: CorrelationId,
    /// How the cache looks at it.
    pub cache: CacheView,
    /// I/O so far.
    pub spans: Spans,
    /// What it brought.
    pub facts: Facts,
    /// Steps that are behind it.
    pub(crate) steps_done: usize,
}

impl Inbound {
    /// From the lines of `js::read`.
    pub fn parse(lines: &str) -> Self {
        let mut lines = lines.split('\n');
        let mut next = || lines.next().unwrap_or("").to_owned();
        let given = |text: String| (!text.is_empty()).then_some(text);
        Self {
            method: next(),
            url: next(),
            origin: given(next()),
            correlation_id: given(next()),
            has_authorization: !next().is_empty(),
            requested_method: given(next()),
        }
    }

    /// The path of the URL.
    pub fn path(&self) -> &str {
        path_of(&self.url)
    }
}

impl Exchange {
    /// A request that has passed no step yet.
    pub fn new(inbound: Inbound, now: UnixMillis, random: impl FnOnce() -> String) -> Self {
        let correlation_id = CorrelationId::accept(inbound.correlation_id.as_deref(), random);
        Self {
            inbound,
            now,
            correlation_id,
            cache: CacheView::Bypass,
            spans: Spans::default(),
            facts: Facts::default(),
            steps_done: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_headers_are_empty_lines() {
        let inbound = Inbound::parse("GET\nhttp://h/api/products?a=1\n\n\n\n");
        assert_eq!((inbound.method.as_str(), inbound.path()), ("GET", "/api/products"));
        assert_eq!(inbound.origin, None);
        assert!(!inbound.has_authorization);
        let inbound = Inbound::parse("OPTIONS\nhttp://h/\nhttp://localhost:5173\nsome-id-1\n1\nPOST");
        assert_eq!(inbound.origin.as_deref(), Some("http://localhost:5173"));
        assert_eq!(inbound.correlation_id.as_deref(), Some("some-id-1"));
        assert!(inbound.has_authorization);
        assert_eq!(inbound.requested_method.as_deref(), Some("POST"));
    }
}
