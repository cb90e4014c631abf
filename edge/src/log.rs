//! One JSON line per request, to the console.

use crate::{
    answer::{Answer, CacheOutcome},
    exchange::{CacheView, Exchange},
    hub::Away,
    isolate::Isolate,
    limit::{self, LimitView},
    platform,
};
use valora_shared::{
    cache::Reason,
    config::LogLevel,
    http::{names, trace_id},
    hub::{Delivered, Reply},
};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// Slower requests are warned of.
const SLOW_MS: i64 = 5_000;

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
    let mut line = platform::line(level.as_str(), "request");
    line.text("correlation_id", exchange.correlation_id.as_str())
        .maybe_text("trace_id", traceparent.as_deref().and_then(trace_id))
        .text("method", &exchange.inbound.method)
        .text("path", exchange.inbound.path())
        .number("status", response.status().into())
        .number("io_ms", io_ms)
        .text("cache", CacheOutcome::of(exchange, answer).as_str());
    // Why what was stored could be used, or not.
    if let CacheView::Keyed(lookup) = &exchange.cache {
        line.maybe_text("cache_reason", lookup.reason.map(Reason::as_str));
    }
    // Whom it was counted for, as their limiter is called, and when, in milliseconds since 1970.
    match &exchange.limit {
        LimitView::Paid(paid) => {
            if let Some(payment) = paid.first() {
                line.text("client", &limit::name(payment.who.whose(), settings))
                    .number("paid_ms", payment.at.0);
            }
        }
        LimitView::Refused(_) => {
            line.maybe_text("client", limit::client_name(exchange, settings).as_deref());
        }
        LimitView::Unknown | LimitView::Exempt => {}
    }
    // Why it was refused, where the client is not told.
    platform::log(line.maybe_text("reason", exchange.reason.as_deref()));
}

/// A delivery of the origin's, with what became of it.
pub fn delivery(exchange: &Exchange, delivered: &Delivered, outcome: &Result<Reply, Away>) {
    let result = match outcome {
        Ok(Reply::Taken { .. }) => "taken",
        Ok(Reply::Replayed) => "replayed",
        _ => "the Hub is away",
    };
    let refused = exchange.receipt.as_ref().map_or(0, |receipt| receipt.refused.len());
    let mut line = platform::line("info", "delivery");
    line.text("correlation_id", exchange.correlation_id.as_str())
        .text("result", result)
        .count("prices", delivered.prices);
    for (name, length) in [
        ("purges", delivered.purges.len()),
        ("revocations", delivered.revocations.len()),
        ("audit", delivered.audit.len()),
        ("refused", refused),
    ] {
        line.json(name, &length.to_string());
    }
    platform::log(&line);
}

/// An answer that JavaScript would not make a response of.
pub fn refused(exchange: &Exchange, error: &JsValue) {
    let mut line = platform::line("error", "the answer could not be sent");
    line.text("correlation_id", exchange.correlation_id.as_str());
    platform::log_error(line.text("error", &format!("{error:?}")));
}
