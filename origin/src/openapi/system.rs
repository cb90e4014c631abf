//! The service itself.

use super::operation::Operation;
use serde_json::json;

pub(super) fn operations() -> Vec<((&'static str, &'static str), Operation)> {
    let object = json!({"type": "object"});
    let page = json!({"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}});
    let either = json!({"description": "JSON; a page for browsers.", "content": {
        "application/json": {"schema": object}, "text/html": {"schema": {"type": "string"}}}});
    let document =
        json!({"description": "This document.", "content": {"application/json": {"schema": object}}});
    vec![
        (("GET", "/"), Operation::new("getService", "What this is").answers_with(200, either)),
        (
            ("GET", "/api/health"),
            Operation::new("getHealth", "Whether whoever is asked lives").answers(200, "Liveness"),
        ),
        (
            ("GET", "/api/health/detailed"),
            Operation::new("getDetailedHealth", "How it is, part by part").answers(200, "DetailedHealth"),
        ),
        (
            ("GET", "/livez"),
            Operation::new("getLiveness", "Whether the origin lives").answers(200, "Liveness"),
        ),
        (
            ("GET", "/readyz"),
            Operation::new("getReadiness", "Whether it can do its job").answers(200, "Liveness"),
        ),
        (
            ("GET", "/errors/{code}"),
            Operation::new("explainError", "An error's cause and cure")
                .path("code", json!({"type": "string"}), "ProductNotFound")
                .answers(200, "Explanation")
                .problem(404, "There is no error of this name."),
        ),
        (
            ("GET", "/openapi.json"),
            Operation::new("getOpenApi", "This document; in development only")
                .answers_with(200, document)
                .problem(404, "Switched off in production."),
        ),
        (
            ("GET", "/docs"),
            Operation::new("getDocs", "This document for people; in development only")
                .answers_with(200, page)
                .problem(404, "Switched off in production."),
        ),
    ]
}
