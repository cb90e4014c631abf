//! What is sent to the origin: for an answer that many may get, for one client alone, or for the edge itself.

use super::sign;
use crate::{
    cache::Entry,
    exchange::{BodyFact, Exchange},
    js,
    settings::Settings,
};
use valora_shared::{
    cache::{CacheKey, target_of},
    http::{is_dropped_from_outside, is_hop_by_hop, names},
};
use wasm_bindgen::JsValue;
use web_sys::{Headers, Request};

/// Request headers that a shared answer may depend on; nothing else of a client's reaches the origin on a cached
/// route, because the key does not know it.
const CACHED_ROUTE_HEADERS: [&str; 4] = ["accept", "accept-language", names::TRACEPARENT, "tracestate"];
/// What makes a client's request conditional or partial; a cache that checks an answer of its own says this itself.
const CONDITIONS: [&str; 6] =
    ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "range", "if-range"];

/// A request as it is sent.
pub struct Outgoing {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// All fields, signed.
    pub headers: Headers,
    /// Bytes, a stream, or null.
    pub body: JsValue,
}

/// For an answer that many clients may get, or, with `checked`, to hear whether that one still holds.
///
/// # Errors
/// What JavaScript threw.
pub fn for_many(
    settings: &Settings,
    exchange: &Exchange,
    key: &CacheKey,
    checked: Option<&Entry>,
) -> Result<Outgoing, JsValue> {
    let headers = Headers::new()?;
    for name in CACHED_ROUTE_HEADERS {
        if let Some(value) = exchange.headers.get(name) {
            headers.set(name, &value)?;
        }
    }
    add_validators(&headers, checked)?;
    headers.set(names::CORRELATION_ID, exchange.correlation_id.as_str())?;
    signed(settings, exchange, "GET", key.as_str(), headers, None, JsValue::NULL)
}

/// For one client alone: everything passes but what ends at each hop.
///
/// # Errors
/// What JavaScript threw.
pub fn for_one(settings: &Settings, request: &Request, exchange: &Exchange) -> Result<Outgoing, JsValue> {
    let headers = onward(request, is_dropped_from_outside)?;
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
    let target = target_of(&exchange.inbound.url).unwrap_or("/");
    signed(settings, exchange, &exchange.inbound.method, target, headers, bytes.as_deref(), body)
}

/// For a plain HTTP cache: as it came, or, with `checked`, to hear whether that answer still holds.
///
/// # Errors
/// What JavaScript threw.
pub fn for_proxy(
    request: &Request,
    exchange: &Exchange,
    checked: Option<&Entry>,
) -> Result<Outgoing, JsValue> {
    let headers = onward(request, is_hop_by_hop)?;
    if checked.is_some_and(|entry| !entry.stored().validators().is_empty()) {
        for name in CONDITIONS {
            headers.delete(name)?;
        }
    }
    add_validators(&headers, checked)?;
    let takes_body = !matches!(exchange.inbound.method.as_str(), "GET" | "HEAD");
    let body = if takes_body { request.body().map_or(JsValue::NULL, JsValue::from) } else { JsValue::NULL };
    Ok(Outgoing {
        method: exchange.inbound.method.clone(),
        target: target_of(&exchange.inbound.url).unwrap_or("/").to_owned(),
        headers,
        body,
    })
}

/// For the edge itself, with nothing of the client's but its correlation id.
///
/// # Errors
/// What JavaScript threw.
pub fn for_itself(settings: &Settings, exchange: &Exchange, target: &str) -> Result<Outgoing, JsValue> {
    let headers = Headers::new()?;
    headers.set(names::CORRELATION_ID, exchange.correlation_id.as_str())?;
    signed(settings, exchange, "GET", target, headers, None, JsValue::NULL)
}

fn signed(
    settings: &Settings,
    exchange: &Exchange,
    method: &str,
    target: &str,
    headers: Headers,
    bytes: Option<&[u8]>,
    body: JsValue,
) -> Result<Outgoing, JsValue> {
    sign::add(settings, exchange, &sign::Outbound { method, target, body: bytes }, &headers)?;
    Ok(Outgoing { method: method.to_owned(), target: target.to_owned(), headers, body })
}

fn add_validators(headers: &Headers, checked: Option<&Entry>) -> Result<(), JsValue> {
    let validators = checked.map(|entry| entry.stored().validators()).unwrap_or_default();
    validators.into_iter().try_for_each(|(name, value)| headers.set(name, value))
}

/// The client's fields, less those that end here and those that `Connection` names.
fn onward(request: &Request, ends_here: impl Fn(&str) -> bool) -> Result<Headers, JsValue> {
    let listed = js::list_headers(&request.headers())?;
    let named_by_connection = request.headers().get("connection")?.unwrap_or_default().to_ascii_lowercase();
    let is_named = |name: &str| named_by_connection.split(',').any(|named| named.trim() == name);
    let dropped: Vec<&str> = js::pairs(&listed)
        .map(|(name, _)| name)
        .filter(|name| ends_here(name) || *name == "host" || is_named(name))
        .collect();
    js::headers_without(&request.headers(), &dropped.join("\n"))
}
