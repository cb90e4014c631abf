//! JSON bodies.

use crate::error::AppError;
use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use valora_shared::problem::{ErrorCode, Place, Problem};

const NOT_AN_OBJECT: &str = "must be a JSON object with each field once";

/// Reads the body of a request as JSON of at most `max_bytes`.
///
/// # Errors
/// 415 where it is not declared as JSON, 413 where it is too large, 400 where it is no JSON, 422 where it is other
/// JSON than wanted.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request, max_bytes: u64) -> Result<T, AppError> {
    if !is_json(request.headers()) {
        let detail = "The body must be declared as application/json.";
        return Err(Problem::new(ErrorCode::UnsupportedMediaType, detail).into());
    }
    let body = read_whole(request.into_body(), max_bytes).await?;
    // The JSON library would also take an array for a struct, field by field.
    let is_array = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if is_array {
        return Err(Problem::invalid(Place::Body, "body", NOT_AN_OBJECT).into());
    }
    serde_json::from_slice(&body).map_err(|error| not_wanted(&error).into())
}

/// Reads a body of at most `max_bytes`, whatever length it declares.
///
/// # Errors
/// 413 where it is too large, 400 where it breaks off.
pub(crate) async fn read_whole(body: Body, max_bytes: u64) -> Result<Bytes, Problem> {
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(max_bytes)),
        Err(_) => Err(Problem::new(ErrorCode::BadRequest, "The body ended before it was whole.")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = declared.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn not_wanted(error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Data => Problem::invalid(Place::Body, "body", NOT_AN_OBJECT),
        Category::Io | Category::Syntax | Category::Eof => {
            Problem::new(ErrorCode::BadRequest, format!("The body is no JSON: {error}."))
        }
    }
}
