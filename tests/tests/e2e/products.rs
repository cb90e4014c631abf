//! The catalogue through the edge.

use anyhow::{Result, ensure};
use valora_tests::assertions::HeaderSet;
use valora_tests::client::Answer;

use crate::harness::Test;
use crate::systems;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        what_the_edge_answers_is_what_the_origin_answers_byte_for_byte,
        the_catalogue_has_26_products_with_prices,
        a_browser_gets_the_shop_and_a_program_gets_json,
        health_is_told_by_the_edge_with_the_origin_s_part_in_it,
    ]
}

fn what_the_edge_answers_is_what_the_origin_answers_byte_for_byte() -> Result<()> {
    let shop = systems::shop()?;
    let (edge, origin) = (shop.edge()?, shop.origin()?);
    for target in [
        "/api/products?test=bytes",
        "/api/products?limit=4&cursor=3",
        "/api/products?category=Shirts",
        "/api/products/7",
        "/api/products/7/price",
        "/api/prices?ids=1,2,99",
        "/errors/RouteNotFound",
        "/",
    ] {
        // Twice, so that a cached route answers once from the origin and once from memory.
        for _ in 0..2 {
            let (through, direct) = (edge.get(target)?, origin.get(target)?);
            ensure!(through.body == direct.body, "{target}: {} and {}", through.shown(), direct.shown());
            ensure!(through.status == direct.status, "{target}: {} and {}", through.status, direct.status);
            for name in ["content-type", "cache-control"] {
                let (through, direct) = (through.header(name), direct.header(name));
                ensure!(through == direct, "{target}: {name} is {through:?} and not {direct:?}");
            }
        }
    }
    Ok(())
}

fn the_catalogue_has_26_products_with_prices() -> Result<()> {
    let answer = systems::shop()?.edge()?.get("/api/products?test=count")?;
    HeaderSet::miss().check(&answer)?;
    let body = answer.json()?;
    let products = body["PRODUCTS_LIST"].as_array().map_or(&[][..], Vec::as_slice);
    ensure!(products.len() == 26, "{} products", products.len());
    ensure!(products[0]["name"] == "Tailored Linen Blazer", "{}", products[0]);
    ensure!(products[0]["last_known_paise"] == 1_999_900, "{}", products[0]);
    ensure!(products[0]["last_known_price_readable"] == "₹19999.00", "{}", products[0]);
    ensure!(products.iter().all(|product| product["last_known_paise"].as_i64() > Some(0)));
    Ok(())
}

fn a_browser_gets_the_shop_and_a_program_gets_json() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let page = edge.request("GET", "/").header("accept", "text/html,*/*;q=0.8").send()?;
    let policy = |answer: &Answer| answer.header("content-security-policy").unwrap_or_default().to_owned();
    ensure!(policy(&page).contains("script-src 'sha256-"), "the page's own policy: {}", policy(&page));
    HeaderSet::passed("BYPASS")
        .with("content-type", "text/html; charset=utf-8")
        .with("cache-control", "no-store")
        .with("content-security-policy", &policy(&page))
        .with("vary", "Accept, Origin")
        .check(&page)?;
    let about = edge.get("/")?;
    HeaderSet::passed("BYPASS")
        .with("content-type", "application/json")
        .with("cache-control", "no-store")
        .with("vary", "Accept, Origin")
        .check(&about)?;
    ensure!(about.json()?["service"] == "VALORA", "{}", about.shown());
    Ok(())
}

fn health_is_told_by_the_edge_with_the_origin_s_part_in_it() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let alive = edge.get("/api/health")?;
    ensure!(alive.json()? == serde_json::json!({"status": "ok", "served_by": "edge"}), "{}", alive.shown());
    let answer = edge.get("/api/health/detailed")?;
    HeaderSet::of_edge("BYPASS")
        .with("content-type", "application/json")
        .with("cache-control", "no-store")
        .check(&answer)?;
    let body = answer.json()?;
    ensure!(body["status"] == "healthy", "{body}");
    ensure!(body["services"]["database"]["status"] == "healthy", "{body}");
    ensure!(body["edge"]["kv"]["status"] == "healthy", "{body}");
    ensure!(body["edge"]["origin"]["status"] == "healthy", "{body}");
    // A probe may ask by HEAD: that says nothing about the origin.
    let probe = edge.request("HEAD", "/api/health/detailed").send()?;
    ensure!(probe.status == 200, "{}", probe.shown());
    // A body that means nothing is no fault of the origin's.
    let with_body = edge.request("GET", "/nowhere").body("{}").send()?;
    ensure!(with_body.status == 404, "{}", with_body.shown());
    Ok(())
}
