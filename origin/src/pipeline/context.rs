//! What is known of a request before its handler runs.

use crate::clock::{Stopwatch, random_id};
use axum::extract::{MatchedPath, Request};
use http::{HeaderMap, HeaderValue, Method, header};
use valora_shared::{
    http::names::{CORRELATION_ID, TRACEPARENT},
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

/// The trace id of a valid traceparent (W3C Trace Context §3.2.2). A later version may have more behind it.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_some_id = |text: &str| text.bytes().any(|b| b != b'0');
    let valid = is_hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && is_hex(trace, 32)
        && is_some_id(trace)
        && is_hex(parent, 16)
        && is_some_id(parent)
        && is_hex(flags, 2);
    valid.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_traceparent_names_a_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_id(&format!("00-{trace}-00f067aa0ba902b7-01")), Some(trace));
        assert_eq!(trace_id(&format!("cc-{trace}-00f067aa0ba902b7-01-more")), Some(trace));
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }
}
