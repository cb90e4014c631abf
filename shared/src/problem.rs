//! Errors as clients see them: RFC 9457 `application/problem+json`, with the fields the Python backend had.

mod code;

pub use code::ErrorCode;

use crate::{
    id::CorrelationId,
    json::{Object, list, quoted},
    rate::{CurrentUsage, Decision, Limits, PROBLEM_TYPE, Policy, QuotaExceeded},
};
use std::borrow::Cow;

/// The media type of every error body.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// One thing wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field, parameter or path segment.
    pub field: Cow<'static, str>,
    /// What is wrong, with the limit.
    pub message: String,
    /// Where it stood.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub place: Place,
}

/// The part of a request that a field stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The JSON body.
    Body,
    /// The path.
    Path,
    /// The query string.
    Query,
}

/// An error on its way to a client. What it says is safe to show: causes go to the log, never in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which error.
    pub code: ErrorCode,
    /// What happened this time, for people.
    pub detail: Cow<'static, str>,
    /// For [`ErrorCode::ValidationError`] and [`ErrorCode::Conflict`]: each fault.
    pub errors: Vec<FieldError>,
    /// For [`ErrorCode::PayloadTooLarge`]: the limit.
    pub max_size_bytes: Option<u64>,
    /// Seconds after which trying again makes sense (Retry-After).
    pub retry_after_seconds: Option<u32>,
    /// For [`ErrorCode::RateLimitExceeded`]: which limits, and what is used.
    pub quota: Option<Box<QuotaExceeded>>,
}

impl Problem {
    /// An error with what happened.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self {
            code,
            detail,
            errors: Vec::new(),
            max_size_bytes: None,
            retry_after_seconds: None,
            quota: None,
        }
    }

    /// Input faults, all of them at once.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_ref()).collect();
        let detail = format!("The request is not valid: {}.", fields.join(", "));
        Self { errors, ..Self::new(ErrorCode::ValidationError, detail) }
    }

    /// There is a product of this id already.
    pub fn product_exists() -> Self {
        let field = "product_id";
        let errors = vec![FieldError {
            field: field.into(),
            message: "is another product's".into(),
            place: Place::Body,
        }];
        Self { errors, ..Self::new(ErrorCode::ProductExists, "There is a product of this id already.") }
    }

    /// Somebody has this already.
    pub fn conflict(field: &'static str, message: impl Into<String>) -> Self {
        let errors = vec![FieldError { field: field.into(), message: message.into(), place: Place::Body }];
        Self { errors, ..Self::new(ErrorCode::Conflict, format!("This {field} is taken.")) }
    }

    /// One input fault.
    pub fn invalid(place: Place, field: &'static str, message: impl Into<String>) -> Self {
        Self::validation(vec![FieldError { field: field.into(), message: message.into(), place }])
    }

    /// A body over the limit.
    pub fn too_large(max_bytes: u64) -> Self {
        let detail = format!("The body is longer than {max_bytes} bytes.");
        Self { max_size_bytes: Some(max_bytes), ..Self::new(ErrorCode::PayloadTooLarge, detail) }
    }

    /// A refusal, to a client with limits of its `own`, for asking too often; `None` where the decision is none.
    pub fn rate_limited(decision: &Decision, policy: Policy, own: &Limits) -> Option<Self> {
        let quota = QuotaExceeded::of(decision, policy, own)?;
        let whose = if decision.is_under(own) { "" } else { " of all accounts at this address" };
        let detail = match quota.retry_after {
            Some(1) => format!("Too many requests{whose}: try again in 1 second."),
            Some(seconds) => format!("Too many requests{whose}: try again in {seconds} seconds."),
            None => {
                format!("This request costs more than the limit \"{}\" ever lets through.", quota.limit_type)
            }
        };
        let retry_after_seconds = quota.retry_after;
        let problem = Self::new(ErrorCode::RateLimitExceeded, detail);
        Some(Self { retry_after_seconds, quota: Some(Box::new(quota)), ..problem })
    }

    /// With a Retry-After.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// The JSON body for a request to `path`.
    pub fn body(&self, path: &str, correlation_id: &CorrelationId) -> Vec<u8> {
        let type_ = if self.quota.is_some() { PROBLEM_TYPE.to_owned() } else { self.code.type_uri() };
        let mut body = Object::default();
        body.text("type", &type_)
            .text("title", self.code.title())
            .number("status", self.code.status().into())
            .text("detail", &self.detail)
            .text("instance", path)
            .text("error", self.code.name())
            .text("message", &self.detail)
            .text("path", path)
            .text("correlation_id", correlation_id.as_str());
        if !self.errors.is_empty() {
            body.json("errors", &list(&self.errors.iter().map(FieldError::to_json).collect::<Vec<_>>()));
            body.json("details", &list(&self.errors.iter().map(FieldError::to_detail).collect::<Vec<_>>()));
        }
        if let Some(bytes) = self.max_size_bytes {
            body.count("max_size_bytes", bytes);
        }
        if let Some(quota) = &self.quota {
            if let Some(seconds) = quota.retry_after {
                body.number("retry_after", seconds.into());
            }
            let CurrentUsage { minute, hour, day } = quota.current_usage;
            let mut usage = Object::default();
            usage.number("minute", minute.into()).number("hour", hour.into()).number("day", day.into());
            let violated: Vec<String> = quota.violated_policies.iter().map(|name| quoted(name)).collect();
            body.text("limit_type", quota.limit_type)
                .json("current_usage", &usage.to_json())
                .json("violated-policies", &list(&violated));
        }
        body.to_json().into_bytes()
    }
}

impl FieldError {
    fn to_json(&self) -> String {
        Object::default().text("field", &self.field).text("message", &self.message).to_json()
    }

    /// In the form of the Python backend's framework.
    fn to_detail(&self) -> String {
        let place = match self.place {
            Place::Body => "body",
            Place::Path => "path",
            Place::Query => "query",
        };
        let place = list(&[quoted(place), quoted(&self.field)]);
        Object::default().json("loc", &place).text("msg", &self.message).text("type", "value_error").to_json()
    }
}

/// The body of every error, as the `OpenAPI` document names it.
#[cfg(feature = "openapi")]
pub use schema::Problem as ProblemSchema;

#[cfg(feature = "openapi")]
mod schema {
    use super::FieldError;
    use crate::id::CorrelationId;
    use utoipa::ToSchema;

    /// An error (RFC 9457), with the fields that the Python backend had.
    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is used; `Problem::body` writes the JSON")]
    pub struct Problem {
        /// `/errors/{Code}`, which explains the error.
        r#type: String,
        /// Never changes for one error.
        title: String,
        /// The HTTP status.
        status: u16,
        /// What happened this time.
        detail: String,
        /// The path that was asked for.
        instance: String,
        /// The stable name of the error.
        error: String,
        /// As `detail`.
        message: String,
        /// As `instance`.
        path: String,
        /// Finds this request in the logs.
        correlation_id: CorrelationId,
        /// Each fault of the input.
        errors: Option<Vec<FieldError>>,
        /// The same in the Python backend's form.
        #[schema(value_type = Option<Vec<Object>>)]
        details: Option<Vec<()>>,
        /// The most bytes a body may have.
        max_size_bytes: Option<u64>,
        /// Seconds until the same request fits, as in Retry-After.
        retry_after: Option<u32>,
        /// The window that has to be waited for.
        limit_type: Option<String>,
        /// What is used, by window.
        #[schema(value_type = Option<Object>)]
        current_usage: Option<()>,
        /// All windows in which the request does not fit.
        #[serde(rename = "violated-policies")]
        violated_policies: Option<Vec<String>>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(problem: &Problem) -> serde_json::Value {
        let id = CorrelationId::parse("test-correlation").unwrap();
        serde_json::from_slice(&problem.body("/api/price", &id)).unwrap()
    }

    #[test]
    fn a_problem_has_the_rfcs_fields_and_the_python_backends() {
        let body = body(&Problem::new(ErrorCode::ProductNotFound, "There is no product 9."));
        assert_eq!(
            body,
            serde_json::json!({
                "type": "/errors/ProductNotFound", "title": "Product not found", "status": 404,
                "detail": "There is no product 9.", "instance": "/api/price", "error": "ProductNotFound",
                "message": "There is no product 9.", "path": "/api/price", "correlation_id": "test-correlation",
            })
        );
    }

    #[test]
    fn a_validation_problem_names_every_field_twice() {
        let body = body(&Problem::invalid(Place::Body, "margin_percent", "must be 0 to 90"));
        assert_eq!(
            body["errors"],
            serde_json::json!([{"field": "margin_percent", "message": "must be 0 to 90"}])
        );
        assert_eq!(
            body["details"],
            serde_json::json!([{"loc": ["body", "margin_percent"], "msg": "must be 0 to 90", "type": "value_error"}])
        );
        assert_eq!(body["status"], 422);
    }

    #[test]
    fn a_refusal_for_asking_too_often_says_all_that_helps() {
        let limits = Limits { minute: 1, hour: 7, day: 8 };
        let mut state = crate::rate::State::default();
        let mut step = |cost| crate::rate::step(&mut state, crate::time::UnixMillis(900_000), cost, &limits);
        assert_eq!(Problem::rate_limited(&step(1), Policy::Requests, &limits), None);
        let refused = Problem::rate_limited(&step(1), Policy::Requests, &limits).unwrap();
        assert_eq!(refused.retry_after_seconds, Some(61));
        let body = body(&refused);
        assert_eq!((&body["type"], &body["retry_after"]), (&PROBLEM_TYPE.into(), &61.into()));
        assert_eq!((&body["error"], &body["limit_type"]), (&"RateLimitExceeded".into(), &"minute".into()));
        assert_eq!(body["violated-policies"], serde_json::json!(["minute"]));
        assert_eq!(body["current_usage"], serde_json::json!({"minute": 1, "hour": 1, "day": 1}));
        assert_eq!(
            Problem::rate_limited(&step(2), Policy::Requests, &limits).unwrap().retry_after_seconds,
            None
        );
    }

    #[test]
    fn codes_are_stable_names_with_a_page_each() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.name()), Some(*code));
            assert!((400..600).contains(&code.status()));
            assert!(!code.cause().is_empty() && !code.cure().is_empty());
        }
        assert_eq!(ErrorCode::parse("Nonsense"), None);
    }
}
