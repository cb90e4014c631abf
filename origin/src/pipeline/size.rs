//! The size of request bodies.

use crate::error::AppError;
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::header;
use valora_shared::problem::{ErrorCode, Problem};

/// Refuses a request whose Content-Length is above `max_bytes`. A body without one is counted while it is read.
pub(crate) fn refuse(request: &Request, max_bytes: u64) -> Option<Response> {
    let declared = request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    (declared > max_bytes).then(|| AppError::from(too_large(max_bytes)).into_response())
}

/// The refusal.
pub(crate) fn too_large(max_bytes: u64) -> Problem {
    let detail = format!("The body is longer than {max_bytes} bytes.");
    Problem { max_size_bytes: Some(max_bytes), ..Problem::new(ErrorCode::PayloadTooLarge, detail) }
}
