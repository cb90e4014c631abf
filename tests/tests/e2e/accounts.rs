//! Accounts through the edge: credentials pass it, answers to them stay out of its cache.

use anyhow::{Result, ensure};
use valora_tests::assertions::HeaderSet;
use valora_tests::assertions::problem;
use valora_tests::client::{Answer, Client};
use valora_tests::running::Running;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        an_account_works_through_the_edge_and_nothing_of_it_is_kept,
        the_edge_knows_a_key_that_is_made_beside_the_running_system
    ]
}

const TOKEN: &str = "7b1e0c94d25f48a3b6c8e0f1a9d37254";

fn with_bearer(client: &Client, method: &str, target: &str, token: &str) -> Result<Answer> {
    client.request(method, target).header("authorization", &format!("Bearer {token}")).send()
}

fn the_edge_knows_a_key_that_is_made_beside_the_running_system() -> Result<()> {
    let system = Running::start(|options| options)?;
    let edge = system.edge()?;
    let key = system.create_key()?;
    // A path of the edge's own: it knows the key, and that no key is an admin's.
    let known = with_bearer(&edge, "GET", "/api/admin/cache/stats", &key)?;
    ensure!(known.status == 403, "{}", known.shown());
    let other = with_bearer(&edge, "GET", "/api/admin/cache/stats", &format!("{key}x"))?;
    ensure!(other.status == 401, "{}", other.shown());
    Ok(())
}

fn an_account_works_through_the_edge_and_nothing_of_it_is_kept() -> Result<()> {
    let system = Running::start(|options| options.with_env("ADMIN_TOKEN", TOKEN))?;
    let edge = system.edge()?;
    let account = r#"{"username":"asha","email":"asha@shop.example","password":"correct horse"}"#;
    let registered = edge.post_json("/api/auth/register", account)?;
    ensure!(registered.status == 201, "{}", registered.shown());
    ensure!(registered.header("cache-control") == Some("no-store"), "{:?}", registered.headers);
    let login = edge.post_json("/api/auth/login", r#"{"username":"asha","password":"correct horse"}"#)?;
    let login = login.json()?;
    let token = login["access_token"].as_str().unwrap_or_default();

    let me = with_bearer(&edge, "GET", "/api/auth/me", token)?;
    ensure!(me.status == 200 && me.json()?["username"] == "asha", "{}", me.shown());
    ensure!(me.header("x-cache") == Some("BYPASS"));
    ensure!(edge.get("/api/auth/me")?.status == 401, "the next client is nobody");

    // Outsiders learn nothing of admin paths, not even which there are.
    for path in ["/api/admin/users", "/api/admin/none-such"] {
        ensure!(edge.get(path)?.status == 401);
        ensure!(with_bearer(&edge, "GET", path, token)?.status == 403);
    }
    let users = with_bearer(&edge, "GET", "/api/admin/users", TOKEN)?;
    ensure!(users.status == 200, "{}", users.shown());
    let missing = with_bearer(&edge, "GET", "/api/admin/none-such", TOKEN)?;
    problem(&missing, 404, "RouteNotFound", &HeaderSet::problem_passed())?;

    let id = login["user"]["id"].to_string();
    let gone = with_bearer(&edge, "POST", &format!("/api/admin/users/{id}/deactivate"), TOKEN)?;
    ensure!(gone.status == 200, "{}", gone.shown());
    ensure!(with_bearer(&edge, "GET", "/api/auth/me", token)?.status == 401, "deactivation acts at once");
    Ok(())
}
