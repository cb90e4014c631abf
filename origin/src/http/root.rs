//! `GET /`: what this is, and in development a small shop to see it work.

mod demo;

use super::reply::{Answer, json};
use crate::app::AppState;
use axum::extract::State;
use http::{HeaderMap, HeaderValue, header};
use valora_shared::{config::Environment, wire::ServiceInfo};

/// JSON for programs; a browser gets the demo shop, in development.
pub(crate) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Answer {
    let environment = app.config.site.environment;
    let mut response = if environment == Environment::Development && wants_html(&headers) {
        demo::PAGE.answer()
    } else {
        json(&ServiceInfo {
            service: "VALORA",
            version: env!("CARGO_PKG_VERSION"),
            status: "running",
            environment: environment.as_str(),
            docs: (environment == Environment::Development).then_some("/docs"),
        })?
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// Browsers name text/html when they open a page; nothing else that asks here does.
fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT);
    accepted.iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}
