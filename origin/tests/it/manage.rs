use crate::support::{ADMIN_TOKEN, Answer, TestApp, admin, send_as};
use serde_json::{Value, json};
use std::time::Duration;

async fn app() -> TestApp {
    TestApp::with(&[("ADMIN_TOKEN", ADMIN_TOKEN)]).await
}

/// Status and the fields that a refusal names.
fn refused(answer: &Answer) -> (u16, Vec<String>) {
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    (answer.status.as_u16(), errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn a_new_product_is_offered_behind_all_others_with_its_price() {
    let app = app().await;
    let body = json!({
        "product_id": "boots", "name": "Boots", "brand": "V", "model": "M-1", "category": "Shoes",
        "last_known_paise": 100_000, "margin_percent": "2.50", "floor_paise": 5, "pinned_paise": null,
    });
    let made = admin(&app, "POST", "/api/products", &body).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (201, Some("/api/products/boots")));
    insta::assert_snapshot!(made.text(), @r#"{"product_id":"boots","name":"Boots","brand":"V","model":"M-1","category":"Shoes","last_known_paise":100000,"last_known_price_readable":"₹1000.00","display_paise":97500,"display_price_readable":"₹975.00","is_active":true,"margin_percent":2.5,"floor_paise":5,"pinned_paise":null}"#);
    let page = app.json("/api/products").await;
    assert_eq!(page["PRODUCTS_LIST"][26]["product_id"], "boots");
    assert_eq!(app.json("/api/products/boots/price").await["DISPLAY_PRICE"], json!(975.0));
    let twice = admin(&app, "POST", "/api/products", &body).await;
    assert_eq!(
        (refused(&twice), &twice.json()["error"]),
        ((409, vec!["product_id".to_owned()]), &json!("ProductExists"))
    );
}

#[tokio::test]
async fn a_faulty_product_is_refused_with_every_field() {
    let app = app().await;
    let long = "x".repeat(501);
    for (body, fields) in [
        (json!({}), vec!["product_id", "name"]),
        (json!({"product_id": "a/b", "name": ""}), vec!["product_id", "name"]),
        (json!({"product_id": 1, "name": "  "}), vec!["product_id", "name"]),
        (json!({"product_id": "a", "name": long}), vec!["name"]),
        (json!({"product_id": "a", "name": "a\u{0}"}), vec!["name"]),
        (json!({"product_id": "a", "name": "A", "brand": null, "category": 7}), vec!["brand", "category"]),
        (json!({"product_id": "a", "name": "A", "model": ""}), vec!["model"]),
        (json!({"product_id": "a", "name": "A", "margin_percent": 90.01}), vec!["margin_percent"]),
        (json!({"product_id": "a", "name": "A", "margin_percent": "1.234"}), vec!["margin_percent"]),
        (
            json!({"product_id": "a", "name": "A", "floor_paise": 0, "pinned_paise": 200_000_001}),
            vec!["floor_paise", "pinned_paise"],
        ),
        (json!({"product_id": "a", "name": "A", "floor_paise": 1.5}), vec!["floor_paise"]),
        (json!({"product_id": "a", "name": "A", "is_active": true}), vec!["is_active"]),
        (json!({"product_id": "a", "name": "A", "prize": 1}), vec!["prize"]),
    ] {
        let answer = admin(&app, "POST", "/api/products", &body).await;
        let expected = fields.into_iter().map(str::to_owned).collect();
        assert_eq!(refused(&answer), (422, expected), "{body}");
    }
    assert_eq!(app.json("/api/products").await["PRODUCTS_LIST"].as_array().unwrap().len(), 26);
}

#[tokio::test]
async fn a_changed_price_rule_gives_a_new_price_at_once_and_records_it() {
    let app = app().await;
    let change = async |body: Value| {
        let answer = admin(&app, "PATCH", "/api/products/1", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    assert_eq!(change(json!({"margin_percent": 10})).await["display_paise"], 1_799_910);
    assert_eq!(change(json!({"floor_paise": 1_900_000.0})).await["display_paise"], 1_900_000);
    assert_eq!(change(json!({"pinned_paise": 1_500})).await["display_paise"], 1_500);
    assert_eq!(change(json!({"pinned_paise": 1_500})).await["display_paise"], 1_500);
    let cleared = change(json!({"pinned_paise": null, "floor_paise": null, "margin_percent": null})).await;
    assert_eq!((&cleared["display_paise"], &cleared["margin_percent"]), (&json!(1_939_903), &Value::Null));
    assert_eq!(app.count("SELECT COUNT(*) FROM prices").await, 4, "an unchanged price is not recorded again");
    let named = change(json!({"name": "Blazer", "brand": "", "model": "X", "category": "Coats"})).await;
    assert_eq!(
        (&named["name"], &named["model"], &named["category"]),
        (&json!("Blazer"), &json!("X"), &json!("Coats"))
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM prices").await, 4);
}

#[tokio::test]
async fn a_faulty_change_is_refused_and_changes_nothing() {
    let app = app().await;
    for (body, fields) in [
        (json!({}), vec!["body"]),
        (json!([]), vec!["body"]),
        (json!({"name": null}), vec!["name"]),
        (json!({"margin_percent": -1, "is_active": null}), vec!["margin_percent", "is_active"]),
        (json!({"product_id": "2", "name": "Other"}), vec!["product_id"]),
        (json!({"pinned_paise": "5"}), vec!["pinned_paise"]),
    ] {
        let answer = admin(&app, "PATCH", "/api/products/1", &body).await;
        let expected = fields.into_iter().map(str::to_owned).collect();
        assert_eq!(refused(&answer), (422, expected), "{body}");
    }
    assert_eq!(app.json("/api/products/1").await["name"], "Tailored Linen Blazer");
    assert_eq!(admin(&app, "PATCH", "/api/products/none", &json!({"name": "A"})).await.status, 404);
    assert_eq!(admin(&app, "PATCH", "/api/products/a%20b", &json!({"name": "A"})).await.status, 422);
    let no_json = app.ask("PATCH", "/api/products/1", ADMIN_TOKEN).await;
    assert_eq!(no_json.status, 415);
}

#[tokio::test]
async fn a_deactivated_product_is_gone_until_it_is_activated() {
    let app = app().await;
    for _ in 0..2 {
        let gone = app.ask("DELETE", "/api/products/1", ADMIN_TOKEN).await;
        assert_eq!((gone.status.as_u16(), gone.body.len()), (204, 0));
    }
    assert_eq!(app.get("/api/products/1").await.status, 404);
    assert_eq!(app.get("/api/prices/1/history").await.status, 404);
    assert_eq!(app.ask("DELETE", "/api/products/none", ADMIN_TOKEN).await.status, 404);
    assert_eq!(admin(&app, "PATCH", "/api/products/1", &json!({"is_active": true})).await.status, 200);
    assert_eq!(app.get("/api/products/1").await.status, 200);
}

#[tokio::test]
async fn only_admins_manage_products() {
    let app = app().await;
    app.register("first").await;
    let user = app.register("asha").await;
    let new = json!({"product_id": "a", "name": "A"});
    for (method, target) in
        [("POST", "/api/products"), ("PATCH", "/api/products/1"), ("DELETE", "/api/products/1")]
    {
        assert_eq!(send_as(&app, method, target, &new, "nonsense").await.status, 401, "{method}");
        assert_eq!(send_as(&app, method, target, &new, &user).await.status, 403, "{method}");
    }
    assert_eq!(app.get("/api/products/1").await.status, 200);
}

#[tokio::test]
async fn categories_are_counted_by_name() {
    let app = app().await;
    let before = app.json("/api/categories").await;
    let names: Vec<&str> =
        before["categories"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.len() > 1, "{names:?}");
    let total: i64 =
        before["categories"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum();
    assert_eq!(total, 26);
    admin(&app, "POST", "/api/products", &json!({"product_id": "a", "name": "A", "category": "AAA"})).await;
    admin(&app, "POST", "/api/products", &json!({"product_id": "b", "name": "B"})).await;
    assert_eq!(app.json("/api/categories").await["categories"][0], json!({"name": "AAA", "count": 1}));
    app.ask("DELETE", "/api/products/a", ADMIN_TOKEN).await;
    let answer = app.get("/api/categories").await;
    assert_eq!(answer.json(), before);
}

#[tokio::test]
async fn an_admins_margin_is_recorded_and_anybody_elses_is_not() {
    let app = app().await;
    let body = json!({"product_id": "1", "margin_percent": 10});
    let prices = "SELECT COUNT(*) FROM prices";
    let user = app.register("asha").await;
    for credential in ["nonsense", &user] {
        let answer = send_as(&app, "POST", "/api/price", &body, credential).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["DISPLAY_PRICE"]), (200, &json!(17999.1)));
        assert_eq!(app.count(prices).await, 0);
    }
    let answer = admin(&app, "POST", "/api/price", &body).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["DISPLAY_PRICE"]), (200, &json!(17999.1)));
    assert_eq!(app.count(prices).await, 1);
    assert_eq!(app.json("/api/products/1/price").await["margin_percent"], json!(10.0));
}

#[tokio::test]
async fn history_goes_back_page_by_page_and_inside_a_period() {
    let app = app().await;
    for margin in 1..=5 {
        admin(&app, "PATCH", "/api/products/1", &json!({ "margin_percent": margin })).await;
        app.clock.advance(Duration::from_mins(1));
    }
    let seqs = |page: &Value| -> Vec<i64> {
        page["prices"].as_array().unwrap().iter().map(|one| one["seq"].as_i64().unwrap()).collect()
    };
    let first = app.json("/api/prices/1/history?limit=2").await;
    assert_eq!(seqs(&first), [5, 4]);
    insta::assert_snapshot!(first["prices"][1], @r#"{"computed_at":"2026-09-21T14:16:20Z","display_paise":1919904,"display_price_readable":"₹19199.04","lowest_paise":1999900,"lowest_price_readable":"₹19999.00","margin_percent":4.0,"seq":4,"supporters":[]}"#);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.json(&format!("/api/prices/1/history?limit=3&cursor={cursor}")).await;
    assert_eq!((seqs(&second), second.get("next_cursor")), (vec![3, 2, 1], None));
    let period =
        app.json("/api/prices/1/history?from=2026-09-21T14:14:20Z&to=2026-09-21T16:15:20%2B02:00").await;
    assert_eq!(seqs(&period), [3, 2]);
    assert_eq!(app.json("/api/prices/2/history").await["prices"], json!([]));
    for (query, fields) in [
        ("limit=0", vec!["limit"]),
        ("limit=501&cursor=x", vec!["limit", "cursor"]),
        ("cursor=%2B5", vec!["cursor"]),
        ("from=yesterday&to=2026", vec!["from", "to"]),
        ("from=2026-09-21T14:14:21Z&to=2026-09-21T14:14:20Z", vec!["from"]),
    ] {
        let answer = app.get(&format!("/api/prices/1/history?{query}")).await;
        let expected = fields.into_iter().map(str::to_owned).collect();
        assert_eq!(refused(&answer), (422, expected), "{query}");
    }
    assert_eq!(app.get("/api/prices/none/history").await.status, 404);
}

#[tokio::test]
async fn a_change_purges_the_product_and_the_lists_it_leaves_and_enters() {
    let app = app().await;
    admin(&app, "PATCH", "/api/products/1", &json!({"category": "Old"})).await;
    app.sql("DELETE FROM events").await;
    let moved = admin(&app, "PATCH", "/api/products/1", &json!({"category": "New"})).await;
    assert_eq!(moved.status.as_u16(), 200);
    // One event with all four: the product, all lists, the category it leaves and the one it enters.
    let count = app.count(
        "SELECT COUNT(*) FROM events WHERE kind = 'purge' AND body LIKE '%\"product:1\"%' AND body LIKE '%\"products\"%' \
         AND body LIKE '%\"category:Old\"%' AND body LIKE '%\"category:New\"%'",
    );
    assert_eq!(count.await, 1);
    admin(&app, "PATCH", "/api/products/1", &json!({"category": "New"})).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE kind = 'purge'").await, 1, "nothing has changed");
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_change_without_its_audit_record() {
    let app = app().await;
    app.sql("DELETE FROM events").await;
    for number in 1..=20_u64 {
        let body = json!({"pinned_paise": number});
        let asking = admin(&app, "PATCH", "/api/products/1", &body);
        let _ = tokio::time::timeout(Duration::from_micros(300 * number), asking).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let changes = app.count("SELECT COUNT(*) FROM prices WHERE product_id = '1'").await;
    let audits = app.count("SELECT COUNT(*) FROM events WHERE kind = 'audit' AND body LIKE '%PATCH%'").await;
    assert!(changes > 0 && audits >= changes, "{changes} changes, {audits} of them in the audit");
}
