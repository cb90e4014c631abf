//! Which path leads where.

use crate::{app::AppState, error::AppError, http, pipeline};
use axum::{
    Router, middleware,
    routing::{get, post},
};
use valora_shared::problem::{ErrorCode, Problem};

/// The API with everything around it.
pub fn router(app: AppState) -> Router {
    Router::new()
        .route("/", get(http::root::show))
        .route("/api/products", get(http::products::list))
        .route("/api/products/{id}", get(http::products::one))
        .route("/api/products/{id}/price", get(http::price::of_product))
        .route("/api/price/{id}", get(http::price::latest))
        .route("/api/price", post(http::price::now))
        .route("/api/prices", get(http::prices::list))
        .route("/api/health", get(http::health::liveness))
        .route("/api/health/detailed", get(http::health::detailed))
        .route("/livez", get(http::health::liveness))
        .route("/readyz", get(http::health::readiness))
        .route("/errors/{code}", get(http::errors::show))
        .fallback(unknown_route)
        // The router adds Allow, which it alone knows.
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), pipeline::run))
        .with_state(app)
}

async fn unknown_route() -> AppError {
    Problem::new(ErrorCode::RouteNotFound, "There is nothing at this path.").into()
}

async fn wrong_method() -> AppError {
    Problem::new(ErrorCode::MethodNotAllowed, "This path does not take this method.").into()
}
