//! The time the edge leaves a request.

use crate::error::AppError;
use axum::response::{IntoResponse, Response};
use std::{future::Future, time::Duration};
use valora_shared::problem::{ErrorCode, Problem};

/// The answer, or a 504 when the deadline passes first. The future is dropped then, and with it its transaction.
pub(super) async fn kept(deadline: Option<Duration>, answer: impl Future<Output = Response>) -> Response {
    let Some(limit) = deadline else { return answer.await };
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
        let detail = "The origin did not finish in the time the edge left it.";
        AppError::from(Problem::new(ErrorCode::OriginTimeout, detail)).into_response()
    })
}
