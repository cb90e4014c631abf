//! What handlers fail with. The client's part is a [`Problem`]; the cause goes to the log.

use crate::{
    accounts::Overloaded,
    http::{representation::CACHE_TAG_NAME, tags::Tags},
    pricing::NoPrice,
    store::StoreError,
};
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
    /// What would end it, for caches.
    tags: Option<Tags>,
}

/// Why, for the log alone.
#[derive(Debug, Clone)]
pub(crate) struct Cause(pub(crate) String);

/// Seconds after which a database that is busy may answer again.
const RETRY_AFTER_SECONDS: u32 = 1;

impl AppError {
    /// No product with this id is offered.
    pub(crate) fn unknown_product(id: &ProductId) -> Self {
        let problem = Problem::new(ErrorCode::ProductNotFound, format!("There is no product {id}."));
        Self::from(problem).about(id)
    }

    /// Why `id` has no price.
    pub(crate) fn no_price(id: &ProductId, reason: NoPrice) -> Self {
        match reason {
            NoPrice::UnknownProduct => Self::unknown_product(id),
            NoPrice::NothingKnown => {
                let detail = format!("No price is known for product {id}.");
                Self::from(Problem::new(ErrorCode::PriceNotFound, detail)).about(id)
            }
        }
    }

    /// Nothing was sent that says who asks.
    pub(crate) fn no_credential() -> Self {
        let detail = "This needs a credential: send Authorization: Bearer.";
        Problem::new(ErrorCode::Unauthorized, detail).into()
    }

    /// What was sent is not believed. The client is not told why; the log is.
    pub(crate) fn invalid_credential(cause: impl Into<String>) -> Self {
        let problem = Problem::new(ErrorCode::Unauthorized, "The credential is not valid.");
        Self { problem: problem.into(), cause: Some(Cause(cause.into())), tags: None }
    }

    /// Who asks is known, and may not do this.
    pub(crate) fn forbidden(detail: &'static str) -> Self {
        Problem::new(ErrorCode::Forbidden, detail).into()
    }

    /// Name or password is wrong, or the account is deactivated: one answer for all.
    pub(crate) fn invalid_login() -> Self {
        Problem::new(ErrorCode::InvalidCredentials, "The name or the password is wrong.").into()
    }

    /// Too many logins failed; the next may be tried after `wait_ms`.
    pub(crate) fn too_many_attempts(wait_ms: i64) -> Self {
        let seconds = u32::try_from(wait_ms.saturating_add(999) / 1_000).unwrap_or(1).max(1);
        let detail = format!("Too many logins failed; try again in {seconds} s.");
        Problem::new(ErrorCode::TooManyAttempts, detail).retry_after(seconds).into()
    }

    /// The status it is answered with.
    pub(crate) fn status(&self) -> u16 {
        self.problem.status()
    }

    /// Something of ours failed.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let problem = Problem::new(ErrorCode::InternalError, "Something failed on our side.");
        Self { problem: problem.into(), cause: Some(Cause(cause.into())), tags: None }
    }

    /// A change of the product may end it.
    fn about(self, id: &ProductId) -> Self {
        Self { tags: Some(Tags::product(id)), ..self }
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self { problem: problem.into(), cause: None, tags: None }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        if !matches!(error, StoreError::Unavailable(_)) {
            return Self::internal(error.to_string());
        }
        let problem = Problem::new(ErrorCode::DatabaseUnavailable, "The database does not answer now.")
            .retry_after(RETRY_AFTER_SECONDS);
        Self { problem: problem.into(), cause: Some(Cause(error.to_string())), tags: None }
    }
}

impl From<Overloaded> for AppError {
    fn from(Overloaded: Overloaded) -> Self {
        Problem::new(ErrorCode::Overloaded, "Too many passwords wait to be checked.")
            .retry_after(RETRY_AFTER_SECONDS)
            .into()
    }
}

impl From<std::io::Error> for AppError {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
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
        if let Some(tags) = self.tags {
            response.headers_mut().insert(CACHE_TAG_NAME, tags.to_value());
        }
        response
    }
}
