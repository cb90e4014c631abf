//! Conditional requests (RFC 9110 §13): a client or cache that has the answer already is told so in a few bytes.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::convert::Infallible;
use valora_shared::cache::{Extent, Fields, Preconditions};

/// If-None-Match of a request; kept, because the request is gone when its answer is there.
#[derive(Debug)]
pub(super) struct Condition(Option<String>);

impl Condition {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::IF_NONE_MATCH);
        let lines: Vec<&str> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
        Self((!lines.is_empty()).then(|| lines.join(", ")))
    }

    /// A 304 where a 200 has an entity-tag that was named. Its fields stay: they are what a cache updates its copy by.
    pub(super) fn apply(&self, mut response: Response) -> Response {
        let Some(if_none_match) = self.0.as_deref() else { return response };
        let etag = response.headers().get(header::ETAG).map(HeaderValue::to_str);
        let Some(Ok(etag)) = etag else { return response };
        let fields = [(header::ETAG.as_str().to_owned(), etag.to_owned())];
        let asked = Preconditions { if_none_match: Some(if_none_match), ..Preconditions::default() };
        // Only a range depends on how long the body is.
        if asked.extent("GET", response.status().as_u16(), Fields(&fields), 0) == Extent::NotModified {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            // Of no known length, or its Content-Length would say that the answer itself has no bytes (RFC 9110 §8.6).
            *response.body_mut() = Body::from_stream(stream::empty::<Result<Bytes, Infallible>>());
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        response
    }
}
