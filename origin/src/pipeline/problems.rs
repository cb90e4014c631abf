//! Writes the bodies of errors.

use super::context::Context;
use crate::http::representation::entity_tag;
use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use valora_shared::{
    http::names::CDN_CACHE_CONTROL,
    problem::{CONTENT_TYPE, Problem},
};

/// Gives an answer that carries a [`Problem`] its body and headers; leaves every other one alone.
pub(crate) fn write(response: &mut Response, context: &Context) {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return };
    let body = problem.body(&context.path, &context.correlation_id);
    let headers = response.headers_mut();
    if headers.contains_key(CDN_CACHE_CONTROL) {
        headers.insert(header::ETAG, entity_tag(&body));
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if problem.status() == 401 {
        // RFC 9110 §15.5.2: a 401 says how to do better.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = problem.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    *response.body_mut() = Body::from(body);
}
