//! The size of request bodies.

use crate::error::AppError;
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::header;
use valora_shared::problem::Problem;

/// Refuses a request whose Content-Length is above `max_bytes`. A body without one is counted while it is read.
pub(crate) fn refuse(request: &Request, max_bytes: u64) -> Option<Response> {
    let declared = request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    (declared > max_bytes).then(|| AppError::from(Problem::too_large(max_bytes)).into_response())
}
