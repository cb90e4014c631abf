//! The main job: a file of two marketplaces' prices comes in while everything runs, and a price comes out.

use std::time::Duration;

use anyhow::{Result, ensure};
use valora_tests::assertions::HeaderSet;
use valora_tests::running::Running;
use valora_tests::until::until;

use crate::harness::Test;

/// Sold for ₹379 at one marketplace and ₹438 at the other.
const SHORTS: &str = "c2d766ca982eca8304150849735ffef9";

pub(crate) fn trials() -> Vec<Test> {
    trials![an_imported_price_reaches_the_browser_s_side]
}

fn an_imported_price_reaches_the_browser_s_side() -> Result<()> {
    let system = Running::start(|options| options)?;
    let (edge, origin) = (system.edge()?, system.origin()?);
    let price = format!("/api/products/{SHORTS}/price");
    ensure!(edge.get(&price)?.status == 404, "it is not known before");

    let summary = system.import_sample()?;
    ensure!(summary.contains("from flipkart, amazon"), "{summary}");
    ensure!(system.import_sample()?.contains(" 0 new, 0 changed, "), "the second time changes something");

    // Before anything is computed, the lowest known price stands in; it is now in the edge's cache.
    // So is the 404, until the import's purge is seen.
    let known = until("the price was known", Duration::from_secs(5), || {
        let answer = edge.get(&price)?;
        Ok((answer.status == 200).then_some(answer))
    })?;
    // Too short to be worth packing.
    HeaderSet::miss().with("vary", "Origin").check(&known)?;
    let body = known.json()?;
    ensure!(body["lowest_paise"] == 37_900 && body["DISPLAY_PRICE"] == 379.0, "{body}");

    let asked = format!(r#"{{"product_id":"{SHORTS}"}}"#);
    let computed = edge.post_json("/api/price", asked.as_str())?;
    HeaderSet::passed("BYPASS")
        .with("content-type", "application/json")
        .with("cache-control", "no-store")
        .check(&computed)?;
    let body = computed.json()?;
    // 379.00 less 3 %, rounded down to the paisa.
    ensure!(body["DISPLAY_PRICE"] == 367.63, "{body}");
    ensure!(computed.text().contains(r#""DISPLAY_PRICE":367.63,"#), "{}", computed.shown());
    let sources: Vec<_> = body["FETCHED_PRICE"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|source| (source["adapter"].as_str(), source["paise"].as_i64()))
        .collect();
    ensure!(sources == [(Some("amazon"), Some(43_800)), (Some("flipkart"), Some(37_900))], "{body}");
    // Above 60 products only the one asked for is listed.
    ensure!(body["PRODUCTS_LIST"].as_array().map(Vec::len) == Some(1), "{body}");

    let seen = until("the new price was seen through the edge", Duration::from_secs(6), || {
        let answer = edge.get(&price)?;
        Ok((answer.json()?["DISPLAY_PRICE"] == 367.63).then_some(answer))
    })?;
    let body = seen.json()?;
    ensure!(body["lowest_paise"] == 37_900 && body["margin_percent"] == 3.0, "{body}");
    ensure!(body["supporting_adapters"] == serde_json::json!(["flipkart"]), "{body}");
    ensure!(body["all_sources"].as_array().map(Vec::len) == Some(2), "{body}");

    for target in
        [price, format!("/api/price/{SHORTS}?margin_percent=50"), "/api/products?limit=60".to_owned()]
    {
        let (through, direct) = (edge.get(&target)?, origin.get(&target)?);
        ensure!(through.body == direct.body, "{target}: {} and {}", through.shown(), direct.shown());
    }

    // Any other margin is computed, answered and forgotten.
    let asked = format!(r#"{{"product_id":"{SHORTS}","margin_percent":"10"}}"#);
    ensure!(edge.post_json("/api/price", asked.as_str())?.json()?["DISPLAY_PRICE"] == 341.1);
    let latest = origin.get(&format!("/api/price/{SHORTS}"))?.json()?;
    ensure!(latest["DISPLAY_PRICE"] == 367.63, "another margin was recorded: {latest}");
    Ok(())
}
