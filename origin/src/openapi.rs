//! The `OpenAPI` 3.1 document: the router's table, what [`operation`]s say about each route of it, and the schemas of
//! the types that are really sent. A test walks both, so that neither can have a route that the other lacks.

#![expect(clippy::needless_pass_by_value, reason = "json! looks at what is made for it alone")]

mod accounts;
mod admin;
mod bodies;
mod catalogue;
mod operation;
mod prices;
mod system;

use crate::router::{Access, routes};
use operation::Operation;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};
use valora_shared::{problem::ProblemSchema, wire};

const ABOUT: &str = "Prices of marketplaces, the lowest trustworthy one of them, and the shop's own. Money is integer \
                     paise. Every error is application/problem+json; `GET /errors/{Code}` explains it. A method that \
                     a path does not take gets 405 with Allow. GET routes answer HEAD, too.";

/// The document, as JSON.
pub fn document() -> Value {
    let mut described: BTreeMap<(&str, &str), Operation> = operations().into_iter().collect();
    let mut paths = Map::new();
    for route in routes() {
        let Some(operation) = described.remove(&(route.method, route.path)) else { continue };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = operation.into_json(route.access != Access::Public);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "VALORA", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "headers": headers(),
            "securitySchemes": {"bearer": {
                "type": "http", "scheme": "bearer",
                "description": "ADMIN_TOKEN, an access token of POST /api/auth/login, or an API key.",
            }},
        },
    })
}

/// Every operation that is described, by method and path.
pub(crate) fn operations() -> Vec<((&'static str, &'static str), Operation)> {
    [
        catalogue::operations(),
        prices::operations(),
        accounts::operations(),
        admin::operations(),
        system::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn headers() -> Value {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "X-Correlation-ID": {"description": "Finds this request in the logs.", "required": true,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"}},
        "X-Cache": text("How the response cache answered: HIT, STALE, REVALIDATED, COLLAPSED, MISS or BYPASS."),
        "Cache-Control": text("no-cache: ask each time, with If-None-Match."),
        "ETag": text("Equal for equal bodies."),
        "Location": text("Where what was made is."),
        "WWW-Authenticate": text("Bearer."),
        "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}},
        "RateLimit-Policy": text("How much one client may ask for, by window (draft-ietf-httpapi-ratelimit-headers-11)."),
        "RateLimit": text("How much of it is left (r), and in how many seconds there is more (t)."),
    })
}

fn schemas() -> BTreeMap<String, RefOr<Schema>> {
    fn add<T: ToSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
        all.push((T::name().into_owned(), T::schema()));
        T::schemas(all);
    }
    let mut all = Vec::new();
    add::<ProblemSchema>(&mut all);
    add::<wire::ProductsList>(&mut all);
    add::<wire::Categories>(&mut all);
    add::<wire::ManagedProduct>(&mut all);
    add::<wire::PriceOfProduct>(&mut all);
    add::<wire::PriceAnswer>(&mut all);
    add::<wire::Prices>(&mut all);
    add::<wire::PriceHistory>(&mut all);
    add::<wire::ObservationTold>(&mut all);
    add::<wire::AuthAnswer>(&mut all);
    add::<wire::Me>(&mut all);
    add::<wire::AccountsList>(&mut all);
    add::<wire::Liveness>(&mut all);
    add::<wire::DetailedHealth>(&mut all);
    add::<wire::ClientLimits>(&mut all);
    add::<wire::LimitsReset>(&mut all);
    crate::http::admin::cache::schemas(&mut all);
    crate::http::admin::prices::schemas(&mut all);
    crate::http::admin::scheduler::schemas(&mut all);
    crate::http::errors::schemas(&mut all);
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_and_the_table_have_the_same_routes() {
        let mut routes: Vec<_> = routes().iter().map(|route| (route.method, route.path)).collect();
        let mut described: Vec<_> = operations().into_iter().map(|(route, _)| route).collect();
        routes.sort_unstable();
        described.sort_unstable();
        assert_eq!(described, routes, "openapi/ describes what router.rs has, no more and no less");
    }

    #[test]
    fn a_route_that_is_not_for_everybody_says_so() {
        let document = document();
        for route in routes() {
            let operation = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            let is_closed = route.access != Access::Public;
            let what = format!("{} {}", route.method, route.path);
            assert_eq!(operation["security"].is_array(), is_closed, "{what}");
            assert_eq!(
                operation["responses"]["401"].is_object(),
                is_closed || what.ends_with("login"),
                "{what}"
            );
            assert_eq!(operation["responses"]["403"].is_object(), is_closed, "{what}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
        let ids: Vec<&str> =
            text.split("\"operationId\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len());
    }
}
