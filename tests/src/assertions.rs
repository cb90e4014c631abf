//! What every answer must be like: whole sets of headers, and whole problems. Written out here by hand and not taken
//! from the code under test, so that a change there is seen.

use anyhow::{Context as _, Result, bail, ensure};

use crate::client::Answer;

mod headers;

pub use headers::{HeaderSet, ORIGIN_HINT};

/// Checks that an answer is a problem with this status and stable name, whole and about this very request, with
/// exactly these headers.
///
/// # Errors
/// What is missing or too much.
pub fn problem(answer: &Answer, status: u16, name: &str, headers: &HeaderSet) -> Result<()> {
    ensure!(answer.status == status, "expected {status} {name}: {}", answer.shown());
    problem_body(answer, name)?;
    headers.check(answer)
}

/// The body alone.
///
/// # Errors
/// What is missing or differs.
pub fn problem_body(answer: &Answer, name: &str) -> Result<()> {
    let body = answer.json()?;
    let text = |field: &str| {
        body[field].as_str().filter(|text| !text.is_empty()).with_context(|| format!("no {field}: {body}"))
    };
    ensure!(text("error")? == name, "expected {name}: {body}");
    ensure!(text("type")? == format!("/errors/{name}"), "{body}");
    ensure!(body["status"] == answer.status, "status in body and line differ: {body}");
    ensure!(text("path")? == text("instance")?, "{body}");
    ensure!(text("message")? == text("detail")?, "{body}");
    text("title")?;
    let id = answer.header("x-correlation-id").context("no x-correlation-id")?;
    ensure!(text("correlation_id")? == id, "the body has another correlation id than {id}: {body}");
    Ok(())
}

/// The fields that a validation problem names, in order.
///
/// # Errors
/// When it is no validation problem, or a fault has no message.
pub fn faulty_fields(answer: &Answer) -> Result<Vec<String>> {
    ensure!(answer.status == 422, "{}", answer.shown());
    problem_body(answer, "ValidationError")?;
    let body = answer.json()?;
    let Some(errors) = body["errors"].as_array() else { bail!("no errors: {body}") };
    let old = body["details"].as_array().map(Vec::len);
    ensure!(old == Some(errors.len()), "`details` does not tell the same: {body}");
    let field = |error: &serde_json::Value| {
        ensure!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "no message: {error}");
        error["field"].as_str().map(str::to_owned).with_context(|| format!("no field: {error}"))
    };
    errors.iter().map(field).collect()
}
