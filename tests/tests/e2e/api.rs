//! The API as a whole through the edge: every route of the contract answers, and what admins change is seen.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use valora_tests::assertions::problem_body;
use valora_tests::client::{Answer, Client};
use valora_tests::running::Running;
use valora_tests::until::until;

use crate::harness::Test;
use crate::systems;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        every_route_of_the_contract_answers_through_the_edge,
        a_changed_price_is_seen_through_the_edge_within_the_lifetime_of_an_answer,
        a_product_lives_and_ends_through_the_edge,
        the_document_and_its_page_pass_the_edge,
    ]
}

const TOKEN: &str = "7b1e0c94d25f48a3b6c8e0f1a9d37254";
/// What an answer lives at the edge, and time for the request itself.
const LIFETIME: Duration = Duration::from_secs(7);

fn shop() -> Result<Running> {
    Running::start(|options| options.with_env("ADMIN_TOKEN", TOKEN))
}

fn admin(client: &Client, method: &str, target: &str, body: Option<&Value>) -> Result<Answer> {
    let request = client.request(method, target).header("authorization", &format!("Bearer {TOKEN}"));
    match body {
        None => request.send(),
        Some(body) => request.header("content-type", "application/json").body(body.to_string()).send(),
    }
}

fn every_route_of_the_contract_answers_through_the_edge() -> Result<()> {
    let system = shop()?;
    let edge = system.edge()?;
    let account = json!({"username": "asha", "email": "asha@shop.example", "password": "correct horse"});
    let login = json!({"username": "asha", "password": "correct horse"});
    let new = json!({"product_id": "walk", "name": "Walking boots", "category": "Shoes", "last_known_paise": 500_000});
    let told = json!({"source": "partner", "price_paise": 450_000});
    for (method, target, body, expected) in [
        ("GET", "/", None, 200),
        ("GET", "/api/health", None, 200),
        ("GET", "/api/health/detailed", None, 200),
        ("GET", "/api/products", None, 200),
        ("POST", "/api/products", Some(&new), 201),
        ("GET", "/api/products/walk", None, 200),
        ("GET", "/api/products/walk/price", None, 200),
        ("POST", "/api/products/walk/observations", Some(&told), 201),
        ("GET", "/api/price/walk", None, 200),
        ("POST", "/api/price", Some(&json!({"product_id": "walk", "margin_percent": "2.5"})), 200),
        ("GET", "/api/prices?ids=walk,1", None, 200),
        ("GET", "/api/prices/walk/history?limit=2", None, 200),
        ("GET", "/api/categories", None, 200),
        ("PATCH", "/api/products/walk", Some(&json!({"margin_percent": 5})), 200),
        ("DELETE", "/api/products/walk", None, 204),
        ("POST", "/api/auth/register", Some(&account), 201),
        ("POST", "/api/auth/login", Some(&login), 200),
        // The admin token belongs to no account.
        ("GET", "/api/auth/me", None, 403),
        ("GET", "/api/admin/users", None, 200),
        ("POST", "/api/admin/users/1/deactivate", None, 200),
        ("POST", "/api/admin/users/1/activate", None, 200),
        ("GET", "/api/admin/prices/held", None, 200),
        ("POST", "/api/admin/prices/held/none-such/confirm", None, 404),
        ("GET", "/api/admin/scheduler", None, 200),
        ("GET", "/api/admin/ratelimit/client?ip=192.0.2.1", None, 200),
        ("POST", "/api/admin/ratelimit/reset?ip=192.0.2.1", None, 200),
        ("GET", "/livez", None, 200),
        ("GET", "/readyz", None, 200),
        ("GET", "/errors/ProductNotFound", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("GET", "/docs", None, 200),
    ] {
        let answer = admin(&edge, method, target, body)?;
        ensure!(answer.status == expected, "{method} {target}: {}", answer.shown());
        ensure!(answer.header("x-correlation-id").is_some(), "{method} {target}: {:?}", answer.headers);
    }
    Ok(())
}

fn a_changed_price_is_seen_through_the_edge_within_the_lifetime_of_an_answer() -> Result<()> {
    let system = shop()?;
    let edge = system.edge()?;
    let price =
        || Ok::<_, anyhow::Error>(edge.get("/api/products/1/price")?.json()?["DISPLAY_PRICE"].clone());
    // The last known price, which the edge keeps.
    ensure!(price()? == json!(19999.0));
    let changed = admin(&edge, "PATCH", "/api/products/1", Some(&json!({"margin_percent": "10.00"})))?;
    ensure!(changed.status == 200, "{}", changed.shown());
    ensure!(changed.json()?["display_paise"] == 1_799_910, "{}", changed.shown());
    until("the edge shows the new price", LIFETIME, || Ok((price()? == json!(17999.1)).then_some(())))?;
    let history = edge.get("/api/prices/1/history")?.json()?;
    ensure!(history["prices"][0]["margin_percent"] == json!(10.0), "{history}");
    Ok(())
}

fn a_product_lives_and_ends_through_the_edge() -> Result<()> {
    let system = shop()?;
    let edge = system.edge()?;
    let new = json!({"product_id": "boots", "name": "Boots", "category": "Shoes"});
    let made = admin(&edge, "POST", "/api/products", Some(&new))?;
    ensure!(made.status == 201 && made.header("location") == Some("/api/products/boots"), "{}", made.shown());
    let again = admin(&edge, "POST", "/api/products", Some(&new))?;
    ensure!(again.status == 409, "{}", again.shown());
    problem_body(&again, "ProductExists")?;
    let nobody = edge.post_json("/api/products", new.to_string())?;
    ensure!(nobody.status == 401, "{}", nobody.shown());
    // Not asked for before, so nothing of it is kept at the edge.
    let categories = edge.get("/api/categories")?.json()?;
    let has_shoes = categories["categories"]
        .as_array()
        .is_some_and(|all| all.contains(&json!({"name": "Shoes", "count": 1})));
    ensure!(has_shoes, "{categories}");
    for _ in 0..2 {
        let gone = admin(&edge, "DELETE", "/api/products/boots", None)?;
        ensure!(gone.status == 204 && gone.body.is_empty(), "{}", gone.shown());
    }
    let missing = edge.get("/api/products/boots")?;
    ensure!(missing.status == 404, "{}", missing.shown());
    Ok(())
}

fn the_document_and_its_page_pass_the_edge() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let document = edge.get("/openapi.json")?.json()?;
    ensure!(document["openapi"] == "3.1.0", "{}", document["openapi"]);
    let page = edge.get("/docs")?;
    ensure!(page.header("content-type") == Some("text/html; charset=utf-8"), "{:?}", page.headers);
    let policy = page.header("content-security-policy").unwrap_or_default();
    ensure!(policy.contains("script-src 'sha256-") && policy.contains("connect-src 'self'"), "{policy}");
    Ok(())
}
