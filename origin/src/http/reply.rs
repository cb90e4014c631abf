//! JSON answers.

use super::{representation::Representation, tags::Tags};
use crate::error::AppError;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

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

/// An answer that caches may keep until what it shows is purged: all of that is in `tags`.
pub(super) fn cacheable(value: &impl Serialize, tags: &Tags) -> Answer {
    Ok(Representation::new(to_bytes(value)?, tags).answer())
}

/// JSON text.
pub(super) fn to_bytes(value: &impl Serialize) -> Result<Bytes, AppError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| AppError::internal(error.to_string()))
}

fn bytes(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, JSON)], Body::from(body)).into_response()
}
