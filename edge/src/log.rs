//! One JSON line per request, to the console.

use crate::{
    answer::{Answer, CacheOutcome},
    exchange::{CacheView, Exchange},
    hub::Away,
    isolate::Isolate,
    platform,
};
use serde::Serialize;
use valora_shared::{
    cache::Reason,
    config::LogLevel,
    http::{names, trace_id},
    hub::{Delivered, Reply},
    id::CorrelationId,
};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// Slower requests are warned of.
const SLOW_MS: i64 = 5_000;

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    message: &'static str,
    correlation_id: &'a CorrelationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    method: &'a str,
    path: &'a str,
    status: u16,
    io_ms: i64,
    cache: &'static str,
    /// Why what was stored could be used, or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_reason: Option<&'static str>,
    /// Whom it was counted for, as their limiter is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// When that was, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_ms: Option<i64>,
    /// Why it was refused, where the client is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// Writes the request's line, if its level is written at all.
pub fn request(exchange: &Exchange, isolate: &Isolate, response: &Response, answer: &Answer) {
    let io_ms = exchange.spans.total_ms();
    let level = if io_ms >= SLOW_MS || response.status() >= 500 { LogLevel::Warn } else { LogLevel::Info };
    let Some(Ok(settings)) = isolate.settings() else { return };
    // A line costs as much as a HIT may: nothing is read before it is known to be wanted.
    if !settings.logs(level) {
        return;
    }
    let traceparent = exchange.headers.get(names::TRACEPARENT);
    platform::log(&Line {
        level: level.as_str(),
        message: "request",
        correlation_id: &exchange.correlation_id,
        trace_id: traceparent.as_deref().and_then(trace_id),
        method: &exchange.inbound.method,
        path: exchange.inbound.path(),
        status: response.status(),
        io_ms,
        cache: CacheOutcome::of(exchange, answer).as_str(),
        cache_reason: match &exchange.cache {
            CacheView::Keyed(lookup) => lookup.reason.map(Reason::as_str),
            CacheView::Bypass => None,
        },
        client: exchange.limit.paid().last().map(|payment| payment.who.name(settings)),
        paid_ms: exchange.limit.paid().last().map(|payment| payment.at.0),
        reason: exchange.reason.as_deref(),
    });
}

/// A delivery of the origin's, with what became of it.
pub fn delivery(exchange: &Exchange, delivered: &Delivered, outcome: &Result<Reply, Away>) {
    let result = match outcome {
        Ok(Reply::Taken { .. }) => "taken",
        Ok(Reply::Replayed) => "replayed",
        _ => "the Hub is away",
    };
    platform::log(&serde_json::json!({
        "level": "info", "message": "delivery", "correlation_id": exchange.correlation_id, "result": result,
        "purges": delivered.purges.len(), "prices": delivered.prices, "revocations": delivered.revocations.len(),
        "audit": delivered.audit.len(),
        "refused": exchange.receipt.as_ref().map_or(0, |receipt| receipt.refused.len()),
    }));
}

/// An answer that JavaScript would not make a response of.
pub fn refused(exchange: &Exchange, error: &JsValue) {
    platform::log_error(&serde_json::json!({
        "level": "error", "message": "the answer could not be sent", "correlation_id": exchange.correlation_id,
        "error": format!("{error:?}"),
    }));
}
