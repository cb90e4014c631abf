//! Which browser pages may call, on preflights, misses, hits and errors.

use anyhow::{Result, ensure};
use valora_tests::assertions::{HeaderSet, ORIGIN_HINT, problem};
use valora_tests::client::{Answer, Client};

use crate::harness::Test;
use crate::systems;

const SHOP: &str = "http://localhost:5173";
const OTHER_SHOP: &str = "http://127.0.0.1:3000";
const STRANGER: &str = "https://stranger.example";

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_preflight_from_the_shop_is_allowed,
        a_preflight_from_a_stranger_is_refused_with_a_hint,
        options_without_a_requested_method_is_no_preflight,
        each_page_gets_its_own_origin_back_from_the_same_entry,
        an_error_can_be_read_by_the_page_too,
    ]
}

fn preflight(edge: &Client, origin: &str) -> Result<Answer> {
    edge.request("OPTIONS", "/api/price")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
}

fn get(edge: &Client, target: &str, origin: &str) -> Result<Answer> {
    edge.request("GET", target).header("origin", origin).send()
}

fn a_preflight_from_the_shop_is_allowed() -> Result<()> {
    let answer = preflight(&systems::shop()?.edge()?, SHOP)?;
    ensure!(answer.status == 204, "{}", answer.shown());
    HeaderSet::of_edge("BYPASS")
        .allowed(SHOP)
        .with("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        .with(
            "access-control-allow-headers",
            "accept, accept-language, authorization, content-language, content-type, if-modified-since, \
             if-none-match, traceparent, tracestate, x-correlation-id, x-requested-with",
        )
        .with("access-control-max-age", "600")
        .check(&answer)
}

fn a_preflight_from_a_stranger_is_refused_with_a_hint() -> Result<()> {
    for origin in [STRANGER, "null", "http://localhost:5173.stranger.example", "http://localhost:5174"] {
        let answer = preflight(&systems::shop()?.edge()?, origin)?;
        problem(&answer, 403, "OriginNotAllowed", &HeaderSet::problem().refused())?;
        let detail = answer.json()?["detail"].as_str().unwrap_or_default().to_owned();
        ensure!(detail.ends_with(ORIGIN_HINT), "no hint: {detail}");
    }
    Ok(())
}

fn options_without_a_requested_method_is_no_preflight() -> Result<()> {
    let answer =
        systems::shop()?.edge()?.request("OPTIONS", "/api/products").header("origin", SHOP).send()?;
    let expected = HeaderSet::problem_passed().allowed(SHOP).with("allow", "GET,HEAD,POST");
    problem(&answer, 405, "MethodNotAllowed", &expected)
}

fn each_page_gets_its_own_origin_back_from_the_same_entry() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let target = "/api/products?test=cors";
    // Whoever fills the entry must not be in it, and no later reader may leave anything in it.
    HeaderSet::miss().allowed(SHOP).check(&get(&edge, target, SHOP)?)?;
    for _ in 0..2 {
        HeaderSet::hit().check(&edge.get(target)?)?;
        HeaderSet::hit().allowed(OTHER_SHOP).check(&get(&edge, target, OTHER_SHOP)?)?;
        HeaderSet::hit().refused().check(&get(&edge, target, STRANGER)?)?;
        HeaderSet::hit().allowed(SHOP).check(&get(&edge, target, SHOP)?)?;
    }
    HeaderSet::miss().refused().check(&get(&edge, "/api/products?test=cors-stranger", STRANGER)?)?;
    HeaderSet::hit().allowed(SHOP).check(&get(&edge, "/api/products?test=cors-stranger", SHOP)?)
}

fn an_error_can_be_read_by_the_page_too() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let answer = get(&edge, "/nowhere", SHOP)?;
    problem(&answer, 404, "RouteNotFound", &HeaderSet::problem_passed().allowed(SHOP))?;
    let answer = get(&edge, "/nowhere", STRANGER)?;
    problem(&answer, 404, "RouteNotFound", &HeaderSet::problem_passed().refused())
}
