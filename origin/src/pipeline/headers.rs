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

/// Security headers, read once: every answer has them.
#[derive(Debug)]
pub(crate) struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

pub(super) const X_CACHE_NAME: HeaderName = HeaderName::from_static(X_CACHE);
const CORRELATION_ID_NAME: HeaderName = HeaderName::from_static(CORRELATION_ID);
const SERVER_TIMING_NAME: HeaderName = HeaderName::from_static(SERVER_TIMING);
const RESPONSE_TIME_NAME: HeaderName = HeaderName::from_static(RESPONSE_TIME);

/// Room for everything an answer gets, so that the map grows once.
const MOST_HEADERS: usize = 24;

impl SecurityHeaders {
    pub(crate) fn of(environment: Environment) -> Self {
        let parsed = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        Self(security_headers(environment).map(parsed).collect())
    }

    /// Sets them. A page's own Content-Security-Policy stays.
    pub(crate) fn set(&self, headers: &mut HeaderMap) {
        headers.reserve(MOST_HEADERS);
        for (name, value) in &self.0 {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// Who asked, how long it took, and that no cache was asked where none says so. What says nothing about caching is not for caches.
pub(crate) fn mark(headers: &mut HeaderMap, context: &Context) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(X_CACHE_NAME).or_insert(HeaderValue::from_static("BYPASS"));
    if let Ok(id) = HeaderValue::from_str(context.correlation_id.as_str()) {
        headers.insert(CORRELATION_ID_NAME, id);
    }
    let mut timing = "total;dur=".to_owned();
    let micros = context.since.elapsed().as_micros();
    // Writing to a String cannot fail.
    let _ = write!(timing, "{}.{:03}", micros / 1_000, micros % 1_000);
    if let Ok(value) = HeaderValue::from_str(&timing) {
        headers.insert(SERVER_TIMING_NAME, value);
    }
    let milliseconds = timing.split_off("total;dur=".len()) + "ms";
    if let Ok(value) = HeaderValue::from_str(&milliseconds) {
        headers.insert(RESPONSE_TIME_NAME, value);
    }
}
