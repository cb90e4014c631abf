//! The headers that every answer has.

use super::context::Context;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::fmt::Write;
use valora_shared::{
    config::Environment,
    http::{
        names::{CORRELATION_ID, RESPONSE_TIME, SERVER_TIMING, X_CACHE},
        security_headers,
    },
};

/// Security headers. A page's own Content-Security-Policy stays.
pub(crate) fn secure(headers: &mut HeaderMap, environment: Environment) {
    for (name, value) in security_headers(environment) {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
}

/// Who asked, how long it took, and that no cache answered. What says nothing about caching is not for caches.
pub(crate) fn mark(headers: &mut HeaderMap, context: &Context) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static(X_CACHE), HeaderValue::from_static("BYPASS"));
    if let Ok(id) = HeaderValue::from_str(context.correlation_id.as_str()) {
        headers.insert(HeaderName::from_static(CORRELATION_ID), id);
    }
    let mut timing = "total;dur=".to_owned();
    let micros = context.since.elapsed().as_micros();
    // Writing to a String cannot fail.
    let _ = write!(timing, "{}.{:03}", micros / 1_000, micros % 1_000);
    if let Ok(value) = HeaderValue::from_str(&timing) {
        headers.insert(HeaderName::from_static(SERVER_TIMING), value);
    }
    let milliseconds = timing.split_off("total;dur=".len()) + "ms";
    if let Ok(value) = HeaderValue::from_str(&milliseconds) {
        headers.insert(HeaderName::from_static(RESPONSE_TIME), value);
    }
}
