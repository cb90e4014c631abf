//! The demo shop at the edge's `/`.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use valora_tests::running::Running;
use valora_tests::until::until;

use crate::driver::drive;
use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![the_demo_shop_shows_prices_and_on_a_click_who_supports_one]
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn the_demo_shop_shows_prices_and_on_a_click_who_supports_one() -> Result<()> {
    let system = Running::start(|options| options)?;
    let url = system.edge_url(0);
    let seen = drive("shop", &json!({ "url": url, "products": 26, "title": "Tailored Linen Blazer" }))?;
    ensure!(seen["title"] == "VALORA demo shop", "{seen:#}");
    ensure!(seen["summary"].as_str().is_some_and(|text| text.starts_with("26 products. ")), "{seen:#}");
    let prices = texts(&seen["prices"]);
    ensure!(prices.len() == 26 && prices.iter().all(|price| price.starts_with('₹')), "{seen:#}");
    ensure!(prices.first() == Some(&"₹19,999.00"), "{seen:#}");
    // No source yet: the last known price less 3 %.
    ensure!(seen["price"] == "₹19,399.03", "{seen:#}");
    ensure!(texts(&seen["sources"]) == ["No source asked: the last known price stands in."], "{seen:#}");

    system.import_sample()?;
    until("the imported products were listed", Duration::from_secs(10), || {
        Ok(system.edge()?.get("/api/products?limit=60")?.text().contains("Cycling Shorts").then_some(()))
    })?;
    let shorts = "Alisha Solid Women's Cycling Shorts";
    let seen = drive("shop", &json!({ "url": url, "products": 60, "title": shorts }))?;
    ensure!(seen["price"] == "₹367.63", "{seen:#}");
    ensure!(seen["known"] == "Lowest market price ₹379.00, margin 3 %", "{seen:#}");
    ensure!(texts(&seen["sources"]) == ["amazon₹438.00", "flipkart ✓ supports₹379.00"], "{seen:#}");
    ensure!(texts(&seen["supporting"]) == ["flipkart ✓ supports₹379.00"], "{seen:#}");
    Ok(())
}
