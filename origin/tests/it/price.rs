use crate::support::{SHORTS, START, TestApp, many_rows};
use serde_json::{Value, json};
use std::time::Duration;

const COUNT: &str = "SELECT COUNT(*) FROM prices";

async fn post(app: &TestApp, body: Value) -> Value {
    let answer = app.post_price(body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn without_a_computed_price_the_last_known_one_is_shown_as_it_is() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("/api/products/1/price").await.text(), @r#"{"DISPLAY_PRICE":19999.0,"product_id":"1","lowest_paise":1999900,"margin_percent":0.0,"supporting_adapters":[],"all_sources":[]}"#);
    assert_eq!(app.count(COUNT).await, 0, "looking records nothing");
}

#[tokio::test]
async fn a_price_is_computed_from_two_marketplaces_and_names_its_supporter() {
    let app = TestApp::with_sample().await;
    let body = post(&app, json!({ "product_id": SHORTS })).await;
    assert_eq!(body["DISPLAY_PRICE"], json!(367.63));
    insta::assert_snapshot!(body["FETCHED_PRICE"], @r#"[{"adapter":"amazon","confidence":0.95,"paise":43800,"raw":{"kind":"csv","observed_at":"2026-09-21T14:13:20Z"},"rupees":438.0},{"adapter":"flipkart","confidence":0.95,"paise":37900,"raw":{"kind":"csv","observed_at":"2026-09-21T14:13:20Z"},"rupees":379.0}]"#);
    insta::assert_snapshot!(app.get(&format!("/api/products/{SHORTS}/price")).await.text(), @r#"{"DISPLAY_PRICE":367.63,"product_id":"c2d766ca982eca8304150849735ffef9","lowest_paise":37900,"margin_percent":3.0,"supporting_adapters":["flipkart"],"all_sources":[{"adapter":"amazon","product_id":"c2d766ca982eca8304150849735ffef9","paise":43800,"confidence":0.95,"raw":{"kind":"csv","observed_at":"2026-09-21T14:13:20Z"}},{"adapter":"flipkart","product_id":"c2d766ca982eca8304150849735ffef9","paise":37900,"confidence":0.95,"raw":{"kind":"csv","observed_at":"2026-09-21T14:13:20Z"}}]}"#);
}

#[tokio::test]
async fn the_last_known_price_stands_in_and_is_recorded_like_any_other() {
    let app = TestApp::new().await;
    let body = post(&app, json!({ "product_id": "1" })).await;
    assert_eq!(body["DISPLAY_PRICE"], json!(19399.03));
    assert_eq!(body["FETCHED_PRICE"], json!([]));
    assert_eq!(body["PRODUCTS_LIST"].as_array().unwrap().len(), 26);
    assert_eq!(body["PRODUCTS_LIST"][0]["display_price_readable"], "₹19399.03");
    let price = app.json("/api/products/1/price").await;
    assert_eq!((&price["lowest_paise"], &price["margin_percent"]), (&json!(1_999_900), &json!(3.0)));
    assert_eq!(app.count(COUNT).await, 1);
}

#[tokio::test]
async fn an_unchanged_price_is_not_recorded_again() {
    let app = TestApp::with_sample().await;
    for _ in 0..3 {
        post(&app, json!({ "product_id": SHORTS })).await;
        app.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(app.count(COUNT).await, 1);
    app.import(format!("product_id,name,brand,category,flipkart_price_inr\n{SHORTS},x,,,350\n"))
        .await
        .0
        .unwrap();
    post(&app, json!({ "product_id": SHORTS })).await;
    assert_eq!(app.count(COUNT).await, 2);
    assert_eq!(app.count("SELECT seq FROM products ORDER BY seq DESC LIMIT 1").await, 2);
}

#[tokio::test]
async fn another_margin_is_computed_and_leaves_no_trace() {
    let app = TestApp::with_sample().await;
    for margin in [json!(10), json!("10.00"), json!(10.0)] {
        let body = post(&app, json!({ "product_id": SHORTS, "margin_percent": margin })).await;
        assert_eq!(body["DISPLAY_PRICE"], json!(341.1));
    }
    assert_eq!(app.count(COUNT).await, 0);
    for own in [json!(3), json!("3.0"), Value::Null] {
        post(&app, json!({ "product_id": SHORTS, "margin_percent": own })).await;
    }
    assert_eq!(app.count(COUNT).await, 1);
}

#[tokio::test]
async fn a_products_own_margin_floor_and_pinned_price_hold() {
    let app = TestApp::with_sample().await;
    app.sql("UPDATE products SET margin_basis_points = 1000 WHERE product_id = '1'").await;
    assert_eq!(post(&app, json!({ "product_id": "1" })).await["DISPLAY_PRICE"], json!(17999.1));
    app.sql("UPDATE products SET floor_paise = 1900000 WHERE product_id = '1'").await;
    assert_eq!(post(&app, json!({ "product_id": "1" })).await["DISPLAY_PRICE"], json!(19000.0));
    app.sql("UPDATE products SET pinned_paise = 1500 WHERE product_id = '1'").await;
    assert_eq!(post(&app, json!({ "product_id": "1" })).await["DISPLAY_PRICE"], json!(15.0));
    assert_eq!(app.count(COUNT).await, 3);
    // The default margin is not this product's own.
    app.sql("UPDATE products SET pinned_paise = NULL WHERE product_id = '1'").await;
    post(&app, json!({ "product_id": "1", "margin_percent": 3 })).await;
    assert_eq!(app.count(COUNT).await, 3);
}

#[tokio::test]
async fn get_price_computes_once_and_ignores_a_margin() {
    let app = TestApp::with_sample().await;
    let first = app.json(&format!("/api/price/{SHORTS}?margin_percent=50")).await;
    assert_eq!(first["DISPLAY_PRICE"], json!(367.63));
    assert_eq!(first["PRODUCTS_LIST"].as_array().unwrap().len(), 1, "above 60 products only the one");
    assert_eq!(first["PRODUCTS_LIST"][0]["display_paise"], 36_763);
    app.import(format!("product_id,name,brand,category,flipkart_price_inr\n{SHORTS},x,,,350\n"))
        .await
        .0
        .unwrap();
    let second = app.json(&format!("/api/price/{SHORTS}")).await;
    assert_eq!(second["DISPLAY_PRICE"], json!(367.63), "the newest recorded price");
    assert_eq!(app.count(COUNT).await, 1);
}

#[tokio::test]
async fn up_to_60_products_are_all_listed() {
    let app = TestApp::new().await;
    app.import(many_rows(34)).await.0.unwrap();
    assert_eq!(app.json("/api/price/1").await["PRODUCTS_LIST"].as_array().unwrap().len(), 60);
    app.import("product_id,name,brand,category,a_price_inr\nlast,Name,,,5\n").await.0.unwrap();
    assert_eq!(app.json("/api/price/1").await["PRODUCTS_LIST"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_observation_that_is_not_from_a_file_stops_counting_after_a_day() {
    let app = TestApp::with_sample().await;
    app.sql("UPDATE observations SET kind = 'push'").await;
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(
        post(&app, json!({ "product_id": SHORTS })).await["FETCHED_PRICE"].as_array().unwrap().len(),
        2
    );
    app.clock.advance(Duration::from_secs(1));
    let body = post(&app, json!({ "product_id": SHORTS })).await;
    assert_eq!(body["FETCHED_PRICE"], json!([]));
    assert_eq!(body["DISPLAY_PRICE"], json!(367.63), "the last known price stands in");
}

#[tokio::test]
async fn a_product_of_which_nothing_is_known_has_no_price() {
    let app = TestApp::new().await;
    app.sql("UPDATE products SET last_known_paise = NULL WHERE product_id = '1'").await;
    for answer in [app.get("/api/products/1/price").await, app.get("/api/price/1").await] {
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (404, &json!("PriceNotFound")));
    }
    assert_eq!(app.post_price(r#"{"product_id":"1"}"#).await.json()["error"], "PriceNotFound");
    assert_eq!(app.json("/api/products/1").await["last_known_price_readable"], "₹0.00");
}

#[tokio::test]
async fn fifty_requests_at_once_record_one_price() {
    let app = TestApp::with_sample().await;
    let all: Vec<_> = (0..50).map(|_| app.post_price(json!({ "product_id": SHORTS }).to_string())).collect();
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(app.count(COUNT).await, 1);
    assert_eq!(app.count("SELECT computed_at_ms FROM prices").await, START.0);
}

#[tokio::test]
async fn an_array_is_no_request_for_a_price() {
    let app = TestApp::new().await;
    let answer = app.post_price(r#" ["1", 10]"#).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["errors"][0]["field"], "body");
}
