//! What is known of a request before its handler runs.

use crate::clock::{Stopwatch, random_id};
use axum::extract::{MatchedPath, Request};
use http::{HeaderMap, HeaderValue, Method, header};
use valora_shared::{
    http::{
        names::{CORRELATION_ID, TRACEPARENT},
        trace_id,
    },
    id::CorrelationId,
};

/// One request, as the steps see it.
#[derive(Debug)]
pub(crate) struct Context {
    /// Kept from the client or new.
    pub(crate) correlation_id: CorrelationId,
    /// Since it arrived.
    pub(crate) since: Stopwatch,
    /// Its method.
    pub(crate) method: Method,
    /// Its path as it came, for error bodies.
    pub(crate) path: String,
    route: Option<MatchedPath>,
    traceparent: Option<HeaderValue>,
    origin: Option<HeaderValue>,
}

impl Context {
    pub(crate) fn of(request: &Request) -> Self {
        let headers = request.headers();
        Self {
            correlation_id: CorrelationId::accept(text(headers, CORRELATION_ID), random_id),
            since: Stopwatch::start(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            traceparent: headers.get(TRACEPARENT).cloned(),
            origin: headers.get(header::ORIGIN).cloned(),
        }
    }

    /// The route's template: a bounded set of names, unlike paths.
    pub(crate) fn route(&self) -> &str {
        self.route.as_ref().map_or("unknown", MatchedPath::as_str)
    }

    /// The page that asks, where a browser says so.
    pub(crate) fn origin(&self) -> Option<&HeaderValue> {
        self.origin.as_ref()
    }

    /// The trace that this request belongs to.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        trace_id(self.traceparent.as_ref()?.to_str().ok()?)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
