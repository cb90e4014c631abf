//! `GET /openapi.json`, and `GET /docs`, which shows it: a page of our own that needs no internet and no exception from
//! the Content-Security-Policy. In development only: production does not explain itself to strangers.

use super::{
    page::Page,
    reply::{Answer, json},
};
use crate::{app::AppState, error::AppError, openapi};
use axum::extract::State;
use serde_json::Value;
use std::sync::LazyLock;
use valora_shared::{
    config::Environment,
    problem::{ErrorCode, Problem},
};

const SKELETON: &str = include_str!("../../reference/index.html");
const STYLE: &str = include_str!("../../reference/docs.css");
const SCRIPT: &str = include_str!("../../reference/docs.js");

static PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(SKELETON, STYLE, SCRIPT));
static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

/// The document.
pub(crate) async fn document(State(app): State<AppState>) -> Answer {
    in_development(&app)?;
    json(&*DOCUMENT)
}

/// The page.
pub(crate) async fn page(State(app): State<AppState>) -> Answer {
    in_development(&app)?;
    Ok(PAGE.answer())
}

fn in_development(app: &AppState) -> Result<(), AppError> {
    match app.config.site.environment {
        Environment::Development => Ok(()),
        Environment::Production => {
            Err(Problem::new(ErrorCode::RouteNotFound, "There is nothing at this path.").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_exactly_what_its_policy_allows() {
        crate::http::page::check(&PAGE, SKELETON, STYLE, SCRIPT);
        assert!(!SCRIPT.contains("innerHTML"), "what the document says is text, never markup");
    }
}
