//! What the entry answers with when the instance that should have answered is gone. Made while an instance still
//! lives, once, because afterwards there is nobody to ask.

use valora_shared::{
    config::Environment,
    http::security_headers,
    id::CorrelationId,
    json::Object,
    problem::{CONTENT_TYPE, ErrorCode, Problem},
};

/// `{status, headers, problem}` as JSON; the entry puts path and correlation id in.
pub fn template() -> String {
    let problem = Problem::new(ErrorCode::InternalError, "The request could not be answered.");
    let unknown = CorrelationId::accept(None, || "unknown-request".to_owned());
    let body = String::from_utf8(problem.body("/", &unknown)).unwrap_or_default();
    // The environment is unknown here: without HSTS, which in development would bind a developer's browser.
    let fixed = [("content-type", CONTENT_TYPE), ("cache-control", "no-store")];
    let mut headers = Object::default();
    for (name, value) in fixed.into_iter().chain(security_headers(Environment::Development)) {
        headers.text(name, value);
    }
    let mut template = Object::default();
    template
        .number("status", problem.status().into())
        .json("headers", &headers.to_json())
        .json("problem", &body);
    template.to_json()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_last_resort_is_a_complete_problem() {
        let template: serde_json::Value = serde_json::from_str(&super::template()).unwrap();
        assert_eq!(template["status"], 500);
        assert_eq!(template["problem"]["error"], "InternalError");
        assert_eq!(template["headers"]["x-content-type-options"], "nosniff");
    }
}
