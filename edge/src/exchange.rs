//! One request on its way through the pipeline: what the client said, what the steps found out, what I/O brought.

use crate::{
    answer::{CacheOutcome, Passed},
    beat::EpochCheck,
    cache::{Entry, Lookup, kv},
    credentials::Presented,
    hub::Away,
    limit::{self, LimitView},
    timing::Spans,
    upstream::Failure,
};
use js_sys::Uint8Array;
use std::rc::Rc;
use valora_shared::{
    cache::{Fields, Preconditions, path_of},
    events::Receipt,
    hub::{Call, Reply},
    id::CorrelationId,
    json::Json,
    rate,
    time::UnixMillis,
    trust::Client,
    wire::ServiceHealth,
};
use web_sys::Request;

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
    /// Whether there is a body.
    pub has_body: bool,
    /// `Content-Length` of the body, where one is declared.
    pub content_length: Option<u64>,
    /// The codings that the client itself takes.
    pub accept_encoding: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<String>,
    /// `Range`.
    pub range: Option<String>,
    /// `If-Range`.
    pub if_range: Option<String>,
    /// `CF-Connecting-IP`, believed or not.
    pub address: Option<String>,
}

/// The request's fields beyond those that every step needs; read one by one where an answer depends on them.
#[derive(Clone)]
pub enum RequestHeaders {
    /// Of a request at hand.
    Live(Request),
    /// A list, for tests.
    Listed(Vec<(String, String)>),
}

/// What I/O has brought so far; a step that finds a fact missing asks for it.
#[derive(Default)]
pub struct Facts {
    /// What KV holds under the key.
    pub kv: KvFact,
    /// How the epochs stand, once they were waited for.
    pub epochs: Option<EpochCheck>,
    /// An entry with its body unpacked.
    pub unpacked: UnpackedFact,
    /// The request's body.
    pub body: BodyFact,
    /// The origin's answer.
    pub origin: Option<OriginFact>,
    /// What came of asking for tokens.
    pub tokens: Option<limit::Outcome>,
    /// The limiter's answer to the last call.
    pub limiter: Option<Result<rate::Reply, limit::Away>>,
    /// Whose credential the request carries.
    pub credential: Option<Presented>,
    /// What a delivery consists of.
    pub delivery: Option<DeliveryFact>,
    /// The Hub's answer to the last call.
    pub hub: Option<Result<Reply, Away>>,
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
    /// The answers differ by these request fields; the one for this request was not asked for.
    Varies(Vec<String>),
}

impl KvFact {
    /// What a read has brought: a value, or nothing of use.
    pub fn of(value: Option<kv::Value>) -> Self {
        match value {
            Some(kv::Value::Entry(entry)) => Self::Found(entry),
            Some(kv::Value::Varies(names)) => Self::Varies(names),
            None => Self::Absent,
        }
    }

    /// Whether KV must be asked before it is known what it holds.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Unknown | Self::Varies(_))
    }
}

/// What came of unpacking a body.
#[derive(Clone, Default)]
pub enum UnpackedFact {
    /// It was not tried.
    #[default]
    Unknown,
    /// It cannot be unpacked.
    Broken,
    /// Here it is, and what it answers as.
    Unpacked(Rc<Entry>, CacheOutcome),
}

/// What came of asking the origin.
#[derive(Clone)]
pub enum OriginFact {
    /// It is kept.
    Kept(Rc<Entry>, CacheOutcome),
    /// It is for this client alone.
    Passed(Passed),
    /// It failed.
    Failed(Failure),
}

/// What is known of the body.
#[derive(Clone, Default)]
pub enum BodyFact {
    /// It was not read.
    #[default]
    Unknown,
    /// It is longer than allowed.
    TooLarge,
    /// It broke off.
    Broken,
    /// It did not arrive in time.
    Late,
    /// All of it.
    Read(Uint8Array),
}

/// A delivery of events as it came, before anything of it is believed.
pub struct DeliveryFact {
    /// Signature-Input.
    pub signature_input: Option<String>,
    /// Signature.
    pub signature: Option<String>,
    /// The body; not read where nothing is signed.
    pub body: DeliveryBody,
}

/// What came of reading a delivery's body.
pub enum DeliveryBody {
    /// All of it.
    Read(Vec<u8>),
    /// It is longer than any delivery.
    TooLarge,
    /// None, or it broke off, or came too late.
    Absent,
}

/// How an admin's request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminVisit {
    /// Whom the audit names.
    pub who: String,
    /// Whether the Hub has said that the credential still counts.
    pub is_admitted: bool,
    /// Whether the Hub has been told of this request already.
    pub is_recorded: bool,
}

/// How the parts around the edge are.
pub struct HealthFacts {
    /// Workers KV.
    pub kv: ServiceHealth,
    /// A limiter.
    pub limiter: ServiceHealth,
    /// The Hub.
    pub hub: ServiceHealth,
    /// The origin as seen from here.
    pub origin: ServiceHealth,
    /// Its status and detailed health, when it gave one.
    pub report: Option<(u16, Vec<(String, Json)>)>,
}

/// How the cache looks at the request.
#[derive(Default)]
pub enum CacheView {
    /// Not, or not yet.
    #[default]
    Bypass,
    /// An answer may come from the cache, and may be kept.
    Keyed(Box<Lookup>),
}

/// The request and all that is known about it.
pub struct Exchange {
    /// What the client said.
    pub inbound: Inbound,
    /// All its fields.
    pub headers: RequestHeaders,
    /// When the request came in.
    pub now: UnixMillis,
    /// The id of the request, in every log line and answer.
    pub correlation_id: CorrelationId,
    /// How the cache looks at it.
    pub cache: CacheView,
    /// How far the rate limit has come.
    pub limit: LimitView,
    /// Who asks, once that was needed.
    pub client: Option<Client>,
    /// The entry whose body shall be unpacked, and what it answers as.
    pub to_unpack: Option<(Rc<Entry>, CacheOutcome)>,
    /// Set for requests of admin paths.
    pub admin: Option<AdminVisit>,
    /// What limiters shall be asked next, by their names. All are; the last answer counts, or the first that fails.
    pub to_limiter: Option<(Vec<String>, rate::Call)>,
    /// What the Hub shall be asked next.
    pub to_hub: Option<Call>,
    /// The receipt for a delivery, valid once the Hub has taken it.
    pub receipt: Option<Receipt>,
    /// Why the request was refused, for the log alone.
    pub reason: Option<String>,
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
            has_body: !next().is_empty(),
            content_length: declared_length(&next()),
            accept_encoding: given(next()),
            if_none_match: given(next()),
            if_modified_since: given(next()),
            range: given(next()),
            if_range: given(next()),
            address: given(next()),
        }
    }

    /// The path of the URL.
    pub fn path(&self) -> &str {
        path_of(&self.url)
    }

    /// What makes it conditional or partial.
    pub fn preconditions(&self) -> Preconditions<'_> {
        Preconditions {
            if_none_match: self.if_none_match.as_deref(),
            if_modified_since: self.if_modified_since.as_deref(),
            range: self.range.as_deref(),
            if_range: self.if_range.as_deref(),
        }
    }
}

impl RequestHeaders {
    /// One field's value.
    pub fn get(&self, name: &str) -> Option<String> {
        match self {
            Self::Live(request) => request.headers().get(name).ok().flatten(),
            Self::Listed(list) => Fields(list).get(name).map(str::to_owned),
        }
    }
}

/// Digits too large for a number are a length over every limit.
fn declared_length(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

impl Exchange {
    /// The time: of when the clock was last read for this request, which is after each thing it waited for. Between two of
    /// these it stands still, in production, and reading it costs a call of JavaScript.
    pub fn now_after_io(&self) -> UnixMillis {
        self.spans.newest().map_or(self.now, |newest| newest.max(self.now))
    }

    /// A request that has passed no step yet.
    pub fn new(
        inbound: Inbound,
        headers: RequestHeaders,
        now: UnixMillis,
        random: impl FnOnce() -> String,
    ) -> Self {
        let correlation_id = CorrelationId::accept(inbound.correlation_id.as_deref(), random);
        Self {
            inbound,
            headers,
            now,
            correlation_id,
            cache: CacheView::Bypass,
            limit: LimitView::Unknown,
            client: None,
            to_unpack: None,
            admin: None,
            to_limiter: None,
            to_hub: None,
            receipt: None,
            reason: None,
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
        assert!(!inbound.has_body);
    }

    #[test]
    fn a_length_that_is_no_number_is_none_and_a_huge_one_is_huge() {
        for (text, length) in [("", None), ("-1", None), ("26, 27", None), ("26", Some(26))] {
            assert_eq!(declared_length(text), length, "{text}");
        }
        assert_eq!(declared_length("99999999999999999999"), Some(u64::MAX));
    }
}
