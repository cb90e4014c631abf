//! What the entry answers with when the instance that should have answered is gone. Made while an instance still
//! lives, once, because afterwards there is nobody to ask.

use serde_json::json;
use valora_shared::{
    config::Environment,
    http::security_headers,
    id::CorrelationId,
    problem::{CONTENT_TYPE, ErrorCode, Problem},
};

/// `{status, headers, problem}` as JSON; the entry puts path and correlation id in.
pub fn template() -> String {
    let problem = Problem::new(ErrorCode::InternalError, "The request could not be answered.");
    let unknown = CorrelationId::accept(None, || "unknown-request".to_owned());
    let body = String::from_utf8(problem.body("/", &unknown)).unwrap_or_default();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    let mut headers: Vec<(&str, &str)> = vec![("content-type", CONTENT_TYPE), ("cache-control", "no-store")];
    // The environment is unknown here: without HSTS, which in development would bind a developer's browser.
    headers.extend(security_headers(Environment::Development));
    let template = json!({"status": problem.status(), "headers": headers, "problem": body});
    serde_json::to_string(&template).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_last_resort_is_a_complete_problem() {
        let template: serde_json::Value = serde_json::from_str(&super::template()).unwrap();
        assert_eq!(template["status"], 500);
        assert_eq!(template["problem"]["error"], "InternalError");
        assert!(
            template["headers"].as_array().unwrap().iter().any(|pair| pair[0] == "x-content-type-options")
        );
    }
}
