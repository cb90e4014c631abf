use crate::support::{SHORTS, TestApp, many_rows};
use serde_json::{Value, json};

fn ids(page: &Value) -> Vec<String> {
    let products = page["PRODUCTS_LIST"].as_array().unwrap();
    products.iter().map(|product| product["product_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_fresh_database_offers_the_storefronts_26_products_in_their_order() {
    let app = TestApp::new().await;
    let page = app.json("/api/products").await;
    let ids = ids(&page);
    assert_eq!((ids.len(), &*ids[0], &*ids[8], &*ids[25]), (26, "1", "burgundy-chiffon-maxi-dress", "wt-4"));
    assert_eq!(page.as_object().unwrap().len(), 1, "no next_cursor on the last page");
    insta::assert_snapshot!(page["PRODUCTS_LIST"][0], @r#"{"brand":"VALORA","category":"Outerwear","display_paise":null,"display_price_readable":null,"is_active":true,"last_known_paise":1999900,"last_known_price_readable":"₹19999.00","model":null,"name":"Tailored Linen Blazer","product_id":"1"}"#);
}

#[tokio::test]
async fn names_stand_in_the_order_of_the_python_backend() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("/api/products/1").await.text(), @r#"{"product_id":"1","name":"Tailored Linen Blazer","brand":"VALORA","model":null,"category":"Outerwear","last_known_paise":1999900,"last_known_price_readable":"₹19999.00","display_paise":null,"display_price_readable":null,"is_active":true}"#);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_or_a_repetition() {
    let app = TestApp::with_sample().await;
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.json(&format!("/api/products?limit=50{cursor}")).await;
        all.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(all, ids(&app.json("/api/products").await));
    assert_eq!(all.len(), 26 + 278, "all but the 12 without a price");
}

#[tokio::test]
async fn more_than_500_products_go_on_at_a_cursor() {
    let app = TestApp::new().await;
    app.import(many_rows(500)).await.0.unwrap();
    let page = app.json("/api/products").await;
    assert_eq!(ids(&page).len(), 500);
    let rest = app.json(&format!("/api/products?cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!(ids(&rest).len(), 26);
}

#[tokio::test]
async fn a_category_is_matched_exactly_and_unknown_parameters_are_ignored() {
    let app = TestApp::new().await;
    let shirts = app.json("/api/products?category=Shirts&utm_source=x&colour=red").await;
    assert!(ids(&shirts).contains(&"2".to_owned()));
    for product in shirts["PRODUCTS_LIST"].as_array().unwrap() {
        assert_eq!(product["category"], "Shirts");
    }
    assert_eq!(app.json("/api/products?category=shirts").await, json!({ "PRODUCTS_LIST": [] }));
    assert_eq!(ids(&app.json("/api/products?colour=red").await).len(), 26);
}

#[tokio::test]
async fn a_product_that_is_not_offered_is_not_found_anywhere() {
    let app = TestApp::with_sample().await;
    app.sql("UPDATE products SET is_active = FALSE WHERE product_id = '1'").await;
    assert!(!ids(&app.json("/api/products").await).contains(&"1".to_owned()));
    for target in ["/api/products/1", "/api/products/1/price", "/api/price/1", "/api/products/absent"] {
        let answer = app.get(target).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (404, &json!("ProductNotFound")),
            "{target}"
        );
    }
    assert_eq!(app.post_price(r#"{"product_id":"1"}"#).await.status, 404);
    assert_eq!(app.json("/api/prices?ids=1").await["prices"], json!({}));
}

#[tokio::test]
async fn a_long_name_and_one_that_is_not_ascii_come_back_as_they_were() {
    let app = TestApp::with_sample().await;
    let page = app.json("/api/products").await;
    let names: Vec<&str> = page["PRODUCTS_LIST"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|product| product["name"].as_str())
        .collect();
    assert!(names.iter().any(|name| name.chars().count() == 301));
    assert_eq!(names.iter().filter(|name| !name.is_ascii()).count(), 23, "one more has no price");
    assert_eq!(app.json(&format!("/api/products/{SHORTS}")).await["last_known_paise"], 37_900);
}
