//! JSON answers.

use crate::error::AppError;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use valora_shared::http::names::CDN_CACHE_CONTROL;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Browsers ask each time; only our edge keeps it (design: cache.md).
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
/// How long the edge may keep an answer.
const EDGE_LIFETIME: HeaderValue = HeaderValue::from_static("max-age=5");
const CDN_CACHE_CONTROL_NAME: HeaderName = HeaderName::from_static(CDN_CACHE_CONTROL);

/// What every handler returns.
pub(super) type Answer = Result<Response, AppError>;

/// An answer for whoever asked.
pub(super) fn json(value: &impl Serialize) -> Answer {
    Ok(bytes(to_bytes(value)?))
}

/// The same for what was made just now.
pub(super) fn created(value: &impl Serialize) -> Answer {
    let mut response = bytes(to_bytes(value)?);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// The same, with where it is from now on.
pub(super) fn created_at(location: &str, value: &impl Serialize) -> Answer {
    let mut response = created(value)?;
    let location = HeaderValue::from_str(location).map_err(|error| AppError::internal(error.to_string()))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Done, and nothing to say.
pub(super) fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// An answer that the edge may keep.
pub(super) fn cacheable(value: &impl Serialize) -> Answer {
    Ok(cacheable_bytes(to_bytes(value)?))
}

/// The same from ready bytes.
pub(super) fn cacheable_bytes(body: Bytes) -> Response {
    let mut response = bytes(body);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_CACHE);
    headers.insert(CDN_CACHE_CONTROL_NAME, EDGE_LIFETIME);
    response
}

/// JSON text.
pub(super) fn to_bytes(value: &impl Serialize) -> Result<Bytes, AppError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| AppError::internal(error.to_string()))
}

fn bytes(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, JSON)], Body::from(body)).into_response()
}
