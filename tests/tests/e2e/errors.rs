//! What goes wrong is a whole problem with every header, whoever finds it.

use anyhow::{Result, ensure};
use valora_tests::assertions::{HeaderSet, faulty_fields, problem};

use crate::harness::Test;
use crate::systems;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        an_unknown_route_is_a_problem,
        an_unknown_product_is_a_problem_on_a_cached_route_too,
        a_wrong_method_names_the_right_ones,
        every_faulty_field_is_named,
        a_body_that_is_no_json_is_told_apart_from_the_wrong_json,
        a_body_of_another_type_is_refused,
        a_body_that_is_too_large_is_refused_with_the_limit,
        the_type_of_a_problem_leads_to_its_explanation,
    ]
}

/// On a cached route: the edge has looked, and keeps nothing.
fn on_a_miss() -> HeaderSet {
    HeaderSet::problem_passed().looked_up().with("x-cache", "MISS")
}

fn plain() -> HeaderSet {
    HeaderSet::problem_passed()
}

fn an_unknown_route_is_a_problem() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let answer = edge.request("GET", "/no/where?x=1").header("x-correlation-id", "my-own-id-1").send()?;
    problem(&answer, 404, "RouteNotFound", &plain().with("x-correlation-id", "my-own-id-1"))?;
    ensure!(answer.json()?["path"] == "/no/where", "{}", answer.shown());
    // An id that is none is replaced, not repeated.
    let answer = edge.request("GET", "/no/where").header("x-correlation-id", "<script>").send()?;
    problem(&answer, 404, "RouteNotFound", &plain())?;
    ensure!(answer.header("x-correlation-id") != Some("<script>"));
    Ok(())
}

fn an_unknown_product_is_a_problem_on_a_cached_route_too() -> Result<()> {
    let kept = on_a_miss().with("cache-control", "no-cache").with_any("x-cache-ttl");
    let edge = systems::shop()?.edge()?;
    for target in ["/api/products/none-such", "/api/products/none-such/price", "/api/price/none-such"] {
        problem(&edge.get(target)?, 404, "ProductNotFound", &kept)?;
    }
    Ok(())
}

fn a_wrong_method_names_the_right_ones() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let answer = edge.request("DELETE", "/api/products").send()?;
    problem(&answer, 405, "MethodNotAllowed", &plain().with("allow", "GET,HEAD,POST"))?;
    let answer = edge.get("/api/price")?;
    problem(&answer, 405, "MethodNotAllowed", &on_a_miss().with("allow", "POST"))
}

fn every_faulty_field_is_named() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    for (body, fields) in [
        (r#"{"product_id":"a/b","margin_percent":91}"#, &["product_id", "margin_percent"][..]),
        (r#"{"margin_percent":"3.001"}"#, &["product_id", "margin_percent"]),
        (r#"{"product_id":7}"#, &["product_id"]),
        (r#"{"product_id":"1","margin_percent":-0.01}"#, &["margin_percent"]),
        (r#"{"product_id":"1","margin_percent":"1e1"}"#, &["margin_percent"]),
    ] {
        let named = faulty_fields(&edge.post_json("/api/price", body)?)?;
        ensure!(named == fields, "{body}: {named:?}");
    }
    // On cached routes the edge adds that it looked into the cache; the fields are the same.
    for (target, fields) in [
        ("/api/products?limit=501&cursor=x", &["limit", "cursor"][..]),
        ("/api/prices", &["ids"]),
        ("/api/products/a%2Fb", &["product_id"]),
    ] {
        let answer = edge.get(target)?;
        problem(&answer, 422, "ValidationError", &on_a_miss())?;
        let body = answer.json()?;
        let named: Vec<&str> = body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["field"].as_str())
            .collect();
        ensure!(named == fields, "{target}: {body}");
    }
    Ok(())
}

fn a_body_that_is_no_json_is_told_apart_from_the_wrong_json() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    for broken in ["{\"product_id\":", "", "product_id=1", "\u{feff}{}", "{\"product_id\":\"1\"} x"] {
        problem(&edge.post_json("/api/price", broken)?, 400, "BadRequest", &plain())?;
    }
    for wrong in ["[]", "null", "\"1\"", "{\"product_id\":\"1\",\"product_id\":\"2\"}"] {
        let named = faulty_fields(&edge.post_json("/api/price", wrong)?)?;
        ensure!(named == ["body"], "{wrong}: {named:?}");
    }
    Ok(())
}

fn a_body_of_another_type_is_refused() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let body = r#"{"product_id":"1"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let answer = edge.request("POST", "/api/price").header("content-type", kind).body(body).send()?;
        problem(&answer, 415, "UnsupportedMediaType", &plain())?;
    }
    problem(&edge.request("POST", "/api/price").body(body).send()?, 415, "UnsupportedMediaType", &plain())
}

fn a_body_that_is_too_large_is_refused_with_the_limit() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    // Declared and not sent: a refusal that comes while bytes are under way may be lost with the connection.
    let head =
        "POST /api/price HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let answer = edge.send_raw(format!("{head}content-length: {}\r\n\r\n{{", (1 << 20) + 1).as_bytes())?;
    // The edge's own: it does not get as far as the origin.
    problem(&answer, 413, "PayloadTooLarge", &HeaderSet::problem())?;
    ensure!(answer.json()?["max_size_bytes"] == 1 << 20, "{}", answer.shown());
    let just_fits = format!(r#"{{"product_id":"{}"}}"#, "1".repeat((1 << 20) - 17));
    ensure!(just_fits.len() == 1 << 20, "{} bytes", just_fits.len());
    ensure!(faulty_fields(&edge.post_json("/api/price", just_fits)?)? == ["product_id"]);
    Ok(())
}

fn the_type_of_a_problem_leads_to_its_explanation() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let answer = edge.get("/nowhere")?;
    let leads_to = answer.json()?["type"].as_str().unwrap_or_default().to_owned();
    let explained = edge.get(&leads_to)?.json()?;
    ensure!(explained["error"] == "RouteNotFound" && explained["status"] == 404, "{explained}");
    ensure!(explained["cure"].as_str().is_some_and(|cure| !cure.is_empty()), "{explained}");
    Ok(())
}
