use crate::support::{ADMIN_TOKEN, Answer, START, TestApp, request};
use axum::body::Body;
use serde_json::{Value, json};
use std::time::Duration;
use valora_shared::{
    config::Setting,
    time::UnixMillis,
    trust::{ApiKey, SharedSecret},
};

const API_KEY_SECRET: &str = "8c1f0a7d2b9e4f6035d8a1c7e2b40f93";
const SOURCES: &str = r#"
[[source]]
name = "partner"
kind = "push"
confidence = 0.97
shipping_paise = 100

[[source]]
name = "list"
kind = "csv"
file = "list.csv"
price_column = "price_inr"
"#;

async fn app() -> TestApp {
    let settings = [("ADMIN_TOKEN", ADMIN_TOKEN), ("API_KEY_SECRET", API_KEY_SECRET)];
    TestApp::with_sources(SOURCES, &settings).await
}

async fn key(app: &TestApp, source: Option<&str>) -> String {
    let expires_at = UnixMillis(START.0 + 3_600_000);
    let mut db = app.state.store.write().await.unwrap();
    let id = valora_origin::store::api_keys::insert(&mut db, source, expires_at, START).await.unwrap();
    db.commit().await.unwrap();
    let secret = SharedSecret::parse(API_KEY_SECRET).unwrap();
    ApiKey { id, expires_at_seconds: expires_at.0 / 1_000 }.to_text(&secret)
}

async fn tell(app: &TestApp, body: &Value, credential: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("authorization", &format!("Bearer {credential}"))];
    let request = request("POST", "/api/products/1/observations", &headers);
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_key_tells_the_price_of_its_source_and_the_product_has_it_at_once() {
    let app = app().await;
    let key = key(&app, Some("partner")).await;
    let told = tell(&app, &json!({"source": "partner", "price_paise": 1_899_900}), &key).await;
    assert_eq!(told.status, 201, "{}", told.text());
    insta::assert_snapshot!(told.text(), @r#"{"observation":{"product_id":"1","source":"partner","paise":1900000,"confidence":0.97,"observed_at":"2026-09-21T14:13:20Z"},"price":{"display_paise":1843000,"display_price_readable":"₹18430.00","lowest_paise":1900000,"margin_percent":3.0,"supporting_adapters":["partner"],"is_held":false}}"#);
    let price = app.json("/api/products/1/price").await;
    assert_eq!(
        (&price["DISPLAY_PRICE"], &price["all_sources"][0]["raw"]["kind"]),
        (&json!(18430.0), &json!("push"))
    );
}

#[tokio::test]
async fn a_source_that_no_file_declares_is_believed_as_pushed_ones_are() {
    let app = app().await;
    let told = tell(
        &app,
        &json!({"source": "newcomer", "price_paise": 1_900_000.0, "observed_at": null}),
        ADMIN_TOKEN,
    )
    .await;
    assert_eq!((told.status.as_u16(), &told.json()["observation"]["confidence"]), (201, &json!(0.95)));
}

#[tokio::test]
async fn a_price_that_fell_too_far_is_held_and_said_so() {
    let app = app().await;
    let price = |paise: i64| json!({"source": "partner", "price_paise": paise});
    tell(&app, &price(1_899_900), ADMIN_TOKEN).await;
    let told = tell(&app, &price(500_000), ADMIN_TOKEN).await.json();
    assert_eq!(
        (&told["price"]["is_held"], &told["price"]["lowest_paise"]),
        (&json!(true), &json!(1_900_000))
    );
    let held = app.admin_json("/api/admin/prices/held?limit=1").await;
    assert_eq!((held["held"].as_array().unwrap().len(), held.get("next_cursor")), (1, None));
    for bad in ["x", "1", "1.", "1.x", "0.a"] {
        let answer = app.ask("GET", &format!("/api/admin/prices/held?cursor={bad}"), ADMIN_TOKEN).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (422, &json!("cursor")),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn nobody_tells_for_somebody_else() {
    let app = app().await;
    let body = json!({"source": "partner", "price_paise": 5});
    app.register("first").await;
    let user = app.register("asha").await;
    let (other, bare) = (key(&app, Some("other")).await, key(&app, None).await);
    assert_eq!(tell(&app, &body, "nonsense").await.status, 401);
    for credential in [&user, &other, &bare] {
        let answer = tell(&app, &body, credential).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (403, &json!("Forbidden")));
    }
    let nobody = app.post("/api/products/1/observations", &body).await;
    assert_eq!((nobody.status.as_u16(), nobody.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(app.count("SELECT COUNT(*) FROM observations").await, 0);
}

#[tokio::test]
async fn a_faulty_observation_is_refused_with_every_field() {
    let app = app().await;
    app.clock.advance(Duration::from_hours(24));
    for (body, fields) in [
        (json!({}), vec!["source", "price_paise"]),
        (json!({"source": "a b", "price_paise": 0}), vec!["source", "price_paise"]),
        (json!({"source": "list", "price_paise": 200_000_001}), vec!["price_paise", "source"]),
        // 100 paise of shipping come on top.
        (json!({"source": "partner", "price_paise": 199_999_901}), vec!["price_paise"]),
        (json!({"source": "partner", "price_paise": "5"}), vec!["price_paise"]),
        (json!({"source": "partner", "price_paise": 5, "observed_at": "now"}), vec!["observed_at"]),
        (
            json!({"source": "partner", "price_paise": 5, "observed_at": "2026-09-22T14:14:21Z"}),
            vec!["observed_at"],
        ),
        (
            json!({"source": "partner", "price_paise": 5, "observed_at": "2026-09-21T14:13:19Z"}),
            vec!["observed_at"],
        ),
        (json!({"source": "partner", "price_paise": 5, "currency": "INR"}), vec!["currency"]),
    ] {
        let answer = tell(&app, &body, ADMIN_TOKEN).await;
        let errors = answer.json()["errors"].clone();
        let named: Vec<&str> =
            errors.as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert_eq!((answer.status.as_u16(), named), (422, fields), "{body}");
    }
    for at in ["2026-09-22T14:14:20Z", "2026-09-21T14:13:20Z"] {
        let body = json!({"source": "partner", "price_paise": 1_900_000, "observed_at": at});
        assert_eq!(tell(&app, &body, ADMIN_TOKEN).await.status, 201, "{at}");
    }
    app.ask("DELETE", "/api/products/1", ADMIN_TOKEN).await;
    assert_eq!(tell(&app, &json!({"source": "partner", "price_paise": 5}), ADMIN_TOKEN).await.status, 404);
}
