//! A panic is our fault, not the client's, and ends one request, not the server.

use crate::error::AppError;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::{any::Any, future::Future, panic::AssertUnwindSafe};

/// Runs a handler; its panic becomes a 500 with the cause in the log.
pub(crate) async fn caught(handler: impl Future<Output = Response>) -> Response {
    // Unwind safe: what a handler shares is behind locks and atomics that are whole at each await.
    match AssertUnwindSafe(handler).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => AppError::internal(format!("panic: {}", message(&*panic))).into_response(),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Cause;
    use http::StatusCode;

    #[tokio::test]
    async fn a_panic_becomes_a_500_that_tells_only_the_log() {
        let response = caught(async { panic!("secret {}", 42) }).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.extensions().get::<Cause>().unwrap().0, "panic: secret 42");
    }
}
