//! Which path leads where, and who may take it. The router is made from this table, so that there is no route that
//! the table does not name.

use crate::{app::AppState, error::AppError, http, pipeline};
use axum::{
    Router, middleware,
    routing::{MethodRouter, delete, get, patch, post},
};
use valora_shared::problem::{ErrorCode, Problem};

/// One method of one path.
pub struct Route {
    /// GET (which answers HEAD too), POST, PATCH or DELETE.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    handler: MethodRouter<AppState>,
}

/// Who may take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever has a valid credential; the handler takes `Signed`.
    Account,
    /// Admins, and keys for their own source; the handler takes `Teller`.
    Source,
    /// Admins. The layer that checks it is put around the handler here.
    Admin,
}

macro_rules! routes {
    ($( $access:ident $method:ident $path:literal $handler:path; )*) => {
        vec![$( Route {
            method: routes!(@name $method),
            path: $path,
            access: Access::$access,
            handler: $method($handler),
        }, )*]
    };
    (@name get) => { "GET" };
    (@name post) => { "POST" };
    (@name patch) => { "PATCH" };
    (@name delete) => { "DELETE" };
}

/// Every route there is.
pub fn routes() -> Vec<Route> {
    routes! {
        Public get "/" http::root::show;
        Public get "/api/products" http::products::list;
        Admin post "/api/products" http::products::manage::create;
        Public get "/api/products/{id}" http::products::one;
        Admin patch "/api/products/{id}" http::products::manage::change;
        Admin delete "/api/products/{id}" http::products::manage::deactivate;
        Source post "/api/products/{id}/observations" http::observations::tell;
        Public get "/api/products/{id}/price" http::price::of_product;
        Public get "/api/price/{id}" http::price::latest;
        Public post "/api/price" http::price::now;
        Public get "/api/prices" http::prices::list;
        Public get "/api/prices/{id}/history" http::history::list;
        Public get "/api/categories" http::categories::list;
        Public post "/api/auth/register" http::auth::register;
        Public post "/api/auth/login" http::auth::log_in;
        Account get "/api/auth/me" http::auth::me;
        Admin get "/api/admin/users" http::admin::users::list;
        Admin post "/api/admin/users/{id}/activate" http::admin::users::activate;
        Admin post "/api/admin/users/{id}/deactivate" http::admin::users::deactivate;
        Admin get "/api/admin/prices/held" http::admin::prices::held_prices;
        Admin post "/api/admin/prices/held/{id}/confirm" http::admin::prices::confirm;
        Admin get "/api/admin/cache/stats" http::admin::cache::stats;
        Admin post "/api/admin/cache/clear" http::admin::cache::clear;
        Admin get "/api/admin/ratelimit/client" http::admin::ratelimit::client;
        Admin post "/api/admin/ratelimit/reset" http::admin::ratelimit::reset;
        Admin get "/api/admin/scheduler" http::admin::scheduler::show;
        Public get "/api/health" http::health::liveness;
        Public get "/api/health/detailed" http::health::detailed;
        Public get "/livez" http::health::liveness;
        Public get "/readyz" http::health::readiness;
        Public get "/errors/{code}" http::errors::show;
        Public get "/openapi.json" http::docs::document;
        Public get "/docs" http::docs::page;
    }
}

/// The API with everything around it.
pub fn router(app: AppState) -> Router {
    let mut router = Router::new();
    for Route { path, access, handler, .. } in routes() {
        // Under /api/admin the pipeline has admitted whoever gets here, before it was known whether there is a route.
        let is_open = access == Access::Admin && !valora_shared::http::is_admin_path(path);
        let admit = middleware::from_fn_with_state(app.clone(), pipeline::admit);
        router = router.route(path, if is_open { handler.route_layer(admit) } else { handler });
    }
    router
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
