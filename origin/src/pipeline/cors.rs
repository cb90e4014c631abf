//! The rule of `valora_shared::http` on requests and answers.

use crate::error::AppError;
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use valora_shared::{
    http::{CorsDecision, CorsPolicy, EXPOSED_HEADERS, Preflight, is_preflight, names::CORS_HINT},
    problem::{ErrorCode, Problem},
};

/// The answer to a preflight; `None` for every other request.
pub(crate) fn preflight(request: &Request, policy: &CorsPolicy) -> Option<Response> {
    let text = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("not text"));
    let origin = text(header::ORIGIN);
    if !is_preflight(request.method().as_str(), origin, text(header::ACCESS_CONTROL_REQUEST_METHOD)) {
        return None;
    }
    Some(match policy.preflight(origin?) {
        Preflight::Allowed(headers) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            for (name, value) in headers {
                response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            response
        }
        Preflight::Refused(text) => {
            AppError::from(Problem::new(ErrorCode::OriginNotAllowed, text)).into_response()
        }
    })
}

/// Lets a listed page read the answer. Every answer depends on the Origin, so caches must know.
pub(crate) fn allow(headers: &mut HeaderMap, policy: &CorsPolicy, origin: Option<&HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else { return };
    match policy.decide(Some(origin.to_str().unwrap_or("not text"))) {
        CorsDecision::NotCors => {}
        CorsDecision::Allowed(_) => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
        }
        CorsDecision::Refused => {
            if let Some(hint) = policy.hint() {
                headers.insert(HeaderName::from_static(CORS_HINT), HeaderValue::from_static(hint));
            }
        }
    }
}
