//! The request to the origin and what comes of it.

mod sign;

use crate::{
    answer::Passed,
    cache::Entry,
    exchange::{BodyFact, CacheView, Exchange},
    js, platform,
    settings::Settings,
};
use js_sys::{ArrayBuffer, Reflect};
use sign::Outbound;
use std::rc::Rc;
use valora_shared::{
    cache::{Envelope, UpstreamFields, lifetime, target_of},
    http::{is_dropped_from_answer, is_dropped_from_outside, names},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Request, Response};

/// Request headers that a shared answer may depend on; nothing else of a client's reaches the origin on a cached
/// route, because the key does not know it.
const CACHED_ROUTE_HEADERS: [&str; 4] = ["accept", "accept-language", names::TRACEPARENT, "tracestate"];
/// Longer bodies are passed on as a stream and not kept.
const MAX_KEPT_BODY_BYTES: u32 = 1 << 20;
/// Statuses that have no body (Fetch standard, "null body status").
const NO_BODY: [u16; 4] = [101, 204, 205, 304];

/// How the origin failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Not in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
}

/// Asks the origin for the exchange's request.
///
/// # Errors
/// [`Failure`]; the cause is in the log.
pub async fn ask(settings: &Settings, request: &Request, exchange: &Exchange) -> Result<Passed, Failure> {
    let asked = match &exchange.cache {
        CacheView::Keyed(key) => ask_shared(settings, request, exchange, key.as_str()).await,
        CacheView::Bypass => ask_through(settings, request, exchange).await,
    };
    asked.map_err(|error| failure(exchange, &error))
}

/// Asks for something of the edge's own, with nothing of the client's but its correlation id.
///
/// # Errors
/// [`Failure`]; the cause is in the log.
pub async fn ask_for_itself(
    settings: &Settings,
    exchange: &Exchange,
    target: &str,
) -> Result<Passed, Failure> {
    let asked = async {
        let headers = Headers::new()?;
        headers.set(names::CORRELATION_ID, exchange.correlation_id.as_str())?;
        let outbound = Outbound { method: "GET", target, body: None };
        sign::add(settings, exchange, &outbound, &headers)?;
        passed(&fetch(settings, &outbound, &headers, &JsValue::NULL).await?, None)
    };
    asked.await.map_err(|error| failure(exchange, &error))
}

/// For an answer that many clients may get.
async fn ask_shared(
    settings: &Settings,
    request: &Request,
    exchange: &Exchange,
    target: &str,
) -> Result<Passed, JsValue> {
    let headers = Headers::new()?;
    for name in CACHED_ROUTE_HEADERS {
        if let Some(value) = request.headers().get(name)? {
            headers.set(name, &value)?;
        }
    }
    headers.set(names::CORRELATION_ID, exchange.correlation_id.as_str())?;
    let outbound = Outbound { method: "GET", target, body: None };
    sign::add(settings, exchange, &outbound, &headers)?;
    let response = fetch(settings, &outbound, &headers, &JsValue::NULL).await?;
    let fields = Fields::of(&response.headers());
    let kept_for = lifetime(&fields.as_upstream(response.status()));
    let (Ok(kept_for), true) = (kept_for, fields.fits_memory()) else { return passed(&response, None) };
    let body: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;
    let listed = js::list_headers(&response.headers())?;
    let kept = js::pairs(&listed)
        // The buffer holds the body decoded.
        .filter(|(name, _)| !is_dropped_from_answer(name) && *name != "content-encoding")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // Its life begins when it was asked for: the origin may have read the price just after that.
    let envelope = Envelope::new(response.status(), exchange.now, kept_for.seconds(), kept);
    let body_bytes = u64::from(body.byte_length());
    let entry = Rc::new(Entry::new(envelope, body.into(), body_bytes));
    passed(&response, Some(entry))
}

/// For one client alone: everything passes, both ways, but what ends at each hop.
async fn ask_through(settings: &Settings, request: &Request, exchange: &Exchange) -> Result<Passed, JsValue> {
    let listed = js::list_headers(&request.headers())?;
    let named_by_connection = request.headers().get("connection")?.unwrap_or_default().to_ascii_lowercase();
    let ends_here = |name: &str| {
        is_dropped_from_outside(name)
            || name == "host"
            || named_by_connection.split(',').any(|named| named.trim() == name)
    };
    let dropped: Vec<&str> =
        js::pairs(&listed).map(|(name, _)| name).filter(|name| ends_here(name)).collect();
    let headers = js::headers_without(&request.headers(), &dropped.join("\n"))?;
    headers.set(names::CORRELATION_ID, exchange.correlation_id.as_str())?;
    // Fetch sends no body with these; the client's had no meaning (RFC 9110 §9.3.1).
    let takes_body = !matches!(exchange.inbound.method.as_str(), "GET" | "HEAD");
    if !takes_body {
        headers.delete("content-length")?;
    }
    let (bytes, body) = match &exchange.facts.body {
        BodyFact::Read(body) if takes_body => (Some(body.to_vec()), JsValue::from(body)),
        _ => (None, JsValue::NULL),
    };
    let outbound = Outbound {
        method: &exchange.inbound.method,
        target: target_of(&exchange.inbound.url).unwrap_or("/"),
        body: bytes.as_deref(),
    };
    sign::add(settings, exchange, &outbound, &headers)?;
    let response = fetch(settings, &outbound, &headers, &body).await?;
    passed(&response, None)
}

async fn fetch(
    settings: &Settings,
    outbound: &Outbound<'_>,
    headers: &Headers,
    body: &JsValue,
) -> Result<Response, JsValue> {
    let upstream = &settings.config.upstream;
    let url = format!("{}{}", upstream.origin_url.as_str(), outbound.target);
    #[expect(clippy::cast_precision_loss, reason = "at most a minute in milliseconds")]
    let timeout_ms = upstream.origin_timeout_ms.get() as f64;
    JsFuture::from(js::fetch_origin(&url, outbound.method, headers, body, timeout_ms)?).await?.dyn_into()
}

fn passed(response: &Response, entry: Option<Rc<Entry>>) -> Result<Passed, JsValue> {
    let listed = js::list_headers(&response.headers())?;
    let is_kept = entry.is_some();
    let dropped: Vec<&str> = js::pairs(&listed)
        .map(|(name, _)| name)
        .filter(|name| is_dropped_from_answer(name) || (is_kept && *name == "content-encoding"))
        .collect();
    let headers = js::headers_without(&response.headers(), &dropped.join("\n"))?;
    let body = match &entry {
        Some(entry) => entry.body().clone(),
        None if NO_BODY.contains(&response.status()) => JsValue::NULL,
        None => response.body().map_or(JsValue::NULL, JsValue::from),
    };
    Ok(Passed { status: response.status(), headers, body, entry })
}

fn failure(exchange: &Exchange, error: &JsValue) -> Failure {
    let name = Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string());
    let timed_out = name.as_deref() == Some("TimeoutError");
    platform::log_error(&serde_json::json!({
        "level": "error", "message": "the origin failed", "correlation_id": exchange.correlation_id,
        "timed_out": timed_out, "error": format!("{error:?}"),
    }));
    if timed_out { Failure::Timeout } else { Failure::Unreachable }
}

/// The header fields that decide about keeping.
struct Fields {
    cache_control: Option<String>,
    cdn_cache_control: Option<String>,
    vary: Option<String>,
    sets_cookie: bool,
    content_length: Option<u32>,
}

impl Fields {
    fn of(headers: &Headers) -> Self {
        let read = |name| headers.get(name).ok().flatten();
        Self {
            cache_control: read("cache-control"),
            cdn_cache_control: read(names::CDN_CACHE_CONTROL),
            vary: read("vary"),
            sets_cookie: headers.has("set-cookie").unwrap_or(true),
            content_length: read("content-length").and_then(|length| length.parse().ok()),
        }
    }

    fn as_upstream(&self, status: u16) -> UpstreamFields<'_> {
        UpstreamFields {
            status,
            cache_control: self.cache_control.as_deref(),
            cdn_cache_control: self.cdn_cache_control.as_deref(),
            sets_cookie: self.sets_cookie,
            vary: self.vary.as_deref(),
        }
    }

    /// A body of unknown length is not taken into memory.
    fn fits_memory(&self) -> bool {
        self.content_length.is_some_and(|length| length <= MAX_KEPT_BODY_BYTES)
    }
}
