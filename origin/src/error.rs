//! What handlers fail with. The client's part is a [`Problem`]; the cause goes to the log.

use crate::{pricing::NoPrice, store::StoreError};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use valora_shared::{
    id::ProductId,
    problem::{ErrorCode, Problem},
};

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct AppError {
    /// Boxed: answers pass through many hands, errors are few.
    problem: Box<Problem>,
    cause: Option<Cause>,
}

/// Why, for the log alone.
#[derive(Debug, Clone)]
pub(crate) struct Cause(pub(crate) String);

/// Seconds after which a database that is busy may answer again.
const RETRY_AFTER_SECONDS: u32 = 1;

impl AppError {
    /// No product with this id is offered.
    pub(crate) fn unknown_product(id: &ProductId) -> Self {
        Problem::new(ErrorCode::ProductNotFound, format!("There is no product {id}.")).into()
    }

    /// Why `id` has no price.
    pub(crate) fn no_price(id: &ProductId, reason: NoPrice) -> Self {
        match reason {
            NoPrice::UnknownProduct => Self::unknown_product(id),
            NoPrice::NothingKnown => {
                Problem::new(ErrorCode::PriceNotFound, format!("No price is known for product {id}.")).into()
            }
        }
    }

    /// Something of ours failed.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let problem = Problem::new(ErrorCode::InternalError, "Something failed on our side.");
        Self { problem: problem.into(), cause: Some(Cause(cause.into())) }
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self { problem: problem.into(), cause: None }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        if !matches!(error, StoreError::Unavailable(_)) {
            return Self::internal(error.to_string());
        }
        let problem = Problem::new(ErrorCode::DatabaseUnavailable, "The database does not answer now.")
            .retry_after(RETRY_AFTER_SECONDS);
        Self { problem: problem.into(), cause: Some(Cause(error.to_string())) }
    }
}

impl IntoResponse for AppError {
    /// Carries the problem in the extensions: the pipeline writes the body, since only it knows the correlation id.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(*self.problem);
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
