use crate::support::{ADMIN_TOKEN, TestApp};
use serde_json::json;
use std::time::Duration;

fn list(prices: &str) -> String {
    format!("product_id,name,brand,category,a_price_inr,b_price_inr\nx,X,,,{prices}\n")
}

/// A product recorded at 1,000 rupees, then named at `prices`.
async fn fallen(prices: &str) -> TestApp {
    let app = TestApp::with(&[("ADMIN_TOKEN", ADMIN_TOKEN)]).await;
    app.import(list("1000,1200")).await.0.unwrap();
    assert_eq!(display(&app).await, json!(1000.0));
    app.clock.advance(Duration::from_mins(1));
    app.import(list(prices)).await.0.unwrap();
    app
}

async fn display(app: &TestApp) -> serde_json::Value {
    app.sql("UPDATE products SET margin_basis_points = 0 WHERE product_id = 'x'").await;
    app.post_price(r#"{"product_id":"x"}"#).await.json()["DISPLAY_PRICE"].clone()
}

async fn held(app: &TestApp) -> Vec<serde_json::Value> {
    app.admin_json("/api/admin/prices/held").await["held"].as_array().unwrap().clone()
}

async fn confirm(app: &TestApp, id: &str) -> u16 {
    let target = format!("/api/admin/prices/held/{id}/confirm");
    app.ask("POST", &target, ADMIN_TOKEN).await.status.as_u16()
}

const RECORDED: &str = "SELECT COUNT(*) FROM prices WHERE product_id = 'x'";

#[tokio::test]
async fn a_fall_by_more_than_half_waits_and_the_shop_goes_on_with_what_it_had() {
    let app = fallen("499.99,1200").await;
    assert_eq!(display(&app).await, json!(1000.0));
    assert_eq!(display(&app).await, json!(1000.0));
    let waiting = held(&app).await;
    assert_eq!(waiting.len(), 1, "held once");
    assert_eq!(
        (&waiting[0]["lowest_paise"], &waiting[0]["recorded_paise"]),
        (&json!(49_999), &json!(100_000))
    );
    assert_eq!(waiting[0]["sources"], json!(["a"]));
    assert_eq!(app.count(RECORDED).await, 1);
    assert_eq!(app.state.pricing.counts.get(), (1, 0));
}

#[tokio::test]
async fn exactly_half_is_believed() {
    let app = fallen("500,1200").await;
    assert_eq!(display(&app).await, json!(500.0));
    assert_eq!(held(&app).await.len(), 0);
}

#[tokio::test]
async fn a_second_source_within_one_percent_ends_the_waiting() {
    let app = fallen("400,1200").await;
    display(&app).await;
    app.import(list("400,404.01")).await.0.unwrap();
    assert_eq!(display(&app).await, json!(1000.0), "not within one percent");
    app.import(list("400,404")).await.0.unwrap();
    assert_eq!(display(&app).await, json!(400.0));
    assert_eq!(held(&app).await.len(), 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM held_prices WHERE outcome = 'supported'").await, 1);
}

#[tokio::test]
async fn an_admin_confirms_what_was_shown_and_nothing_else() {
    let app = fallen("400,1200").await;
    display(&app).await;
    let first = held(&app).await[0]["id"].as_str().unwrap().to_owned();
    app.import(list("4,1200")).await.0.unwrap();
    assert_eq!(confirm(&app, &first).await, 404, "it is another price by now");
    let second = held(&app).await[0]["id"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(confirm(&app, &second).await, 200);
    assert_eq!(display(&app).await, json!(4.0));
    assert_eq!(app.count(RECORDED).await, 2);
    assert_eq!((confirm(&app, &second).await, confirm(&app, "no-such").await), (404, 404));
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM held_prices WHERE outcome = 'confirmed' AND closed_by = 'admin-token'"
        )
        .await,
        1
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM held_prices WHERE outcome = 'replaced'").await, 1);
    assert_eq!(app.state.pricing.counts.get(), (2, 1));
}

#[tokio::test]
async fn a_price_that_comes_back_is_forgotten() {
    let app = fallen("4,1200").await;
    display(&app).await;
    app.import(list("990,1200")).await.0.unwrap();
    assert_eq!(display(&app).await, json!(990.0));
    assert_eq!(app.count("SELECT COUNT(*) FROM held_prices WHERE outcome = 'withdrawn'").await, 1);
}

#[tokio::test]
async fn a_products_own_rules_still_change_its_display_price_while_one_waits() {
    let app = fallen("4,1200").await;
    display(&app).await;
    app.sql("UPDATE products SET pinned_paise = 77700 WHERE product_id = 'x'").await;
    assert_eq!(display(&app).await, json!(777.0));
    assert_eq!(app.count("SELECT MIN(lowest_paise) FROM prices WHERE product_id = 'x'").await, 100_000);
    assert_eq!(held(&app).await.len(), 1);
}
