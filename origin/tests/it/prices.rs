use crate::support::{SHORTS, TestApp};
use serde_json::json;

#[tokio::test]
async fn prices_of_several_products_name_their_source() {
    let app = TestApp::with_sample().await;
    app.post_price(json!({ "product_id": SHORTS }).to_string()).await;
    insta::assert_snapshot!(app.get(&format!("/api/prices?ids={SHORTS},1,absent")).await.text(), @r#"{"currency":"INR","prices":{"1":{"product_id":"1","price":19999.0,"currency":"INR","source":"last_known","confidence":null,"last_updated":"2026-09-21T14:13:20Z"},"c2d766ca982eca8304150849735ffef9":{"product_id":"c2d766ca982eca8304150849735ffef9","price":367.63,"currency":"INR","source":"flipkart","confidence":0.95,"last_updated":"2026-09-21T14:13:20Z"}}}"#);
}

#[tokio::test]
async fn at_most_100_ids_all_of_them_ids() {
    let app = TestApp::new().await;
    let many = |count: usize| vec!["1"; count].join(",");
    assert_eq!(app.get(&format!("/api/prices?ids={}", many(100))).await.status, 200);
    for target in [
        format!("/api/prices?ids={}", many(101)),
        "/api/prices".to_owned(),
        "/api/prices?ids=".to_owned(),
        "/api/prices?ids=1,a%20b".to_owned(),
        "/api/prices?ids=1,,2".to_owned(),
    ] {
        let answer = app.get(&target).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (422, &json!("ids")),
            "{target}"
        );
    }
}
