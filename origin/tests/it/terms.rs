//! What caches are told: for how long, what purges it, and whether what they have still holds.

use crate::support::{ADMIN_TOKEN, Answer, TestApp, admin, bare, many_rows};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const WINDOWS: &str = "stale-while-revalidate=60, stale-if-error=86400";

async fn app() -> TestApp {
    TestApp::with(&[("ADMIN_TOKEN", ADMIN_TOKEN)]).await
}

fn tags(answer: &Answer) -> Vec<&str> {
    answer.header("cache-tag").unwrap_or_default().split(',').filter(|tag| !tag.is_empty()).collect()
}

#[tokio::test]
async fn every_answer_lives_as_long_as_its_row_and_names_what_it_shows() {
    let app = app().await;
    for (target, status, seconds, expected) in [
        ("/api/products", 200, 600, &["products"][..]),
        ("/api/products?limit=1", 200, 600, &["products"]),
        ("/api/products?category=Blazers%20%26%20Co", 200, 600, &["products", "category:Blazers%20%26%20Co"]),
        ("/api/categories", 200, 1_800, &["products"]),
        ("/api/products/1", 200, 300, &["product:1"]),
        ("/api/products/1/price", 200, 300, &["product:1"]),
        ("/api/price/1", 200, 300, &["product:1", "products"]),
        ("/api/prices?ids=1,none,3", 200, 300, &["product:1", "product:none", "product:3"]),
        ("/api/prices/1/history", 200, 300, &["product:1"]),
        ("/api/products/none", 404, 300, &["product:none"]),
        ("/api/products/none/price", 404, 300, &["product:none"]),
        ("/api/price/none", 404, 300, &["product:none"]),
        ("/api/prices/none/history", 404, 300, &["product:none"]),
    ] {
        let answer = app.get(target).await;
        assert_eq!(answer.status.as_u16(), status, "{target}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{target}");
        let governing = format!("max-age={seconds}, {WINDOWS}");
        assert_eq!(answer.header("cdn-cache-control"), Some(&*governing), "{target}");
        assert_eq!(tags(&answer), expected, "{target}");
        assert!(answer.header("etag").is_some_and(|tag| tag.starts_with('"')), "{target}");
        let head = app.send(bare("HEAD", target, &[])).await;
        assert_eq!(head.header("cdn-cache-control"), Some(&*governing), "HEAD {target}");
        assert_eq!(head.header("etag"), answer.header("etag"), "HEAD {target}");
    }
}

#[tokio::test]
async fn above_sixty_products_a_price_is_no_list() {
    let app = app().await;
    app.import(many_rows(40)).await.0.unwrap();
    assert_eq!(tags(&app.get("/api/price/1").await), ["product:1"]);
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_kept_for_a_minute_and_never_beyond() {
    let app = app().await;
    let answer = app.get("/api/nothing").await;
    assert_eq!((answer.status.as_u16(), answer.header("cdn-cache-control")), (404, Some("max-age=60")));
    assert_eq!(answer.header("cache-tag"), None);
    for target in ["/nothing", "/api/health/nothing", "/api/auth/nothing"] {
        let answer = app.get(target).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (404, Some("no-store")));
        assert_eq!(answer.header("cdn-cache-control"), None, "{target}");
    }
}

#[tokio::test]
async fn what_is_no_answer_to_a_reader_is_not_kept() {
    let app = app().await;
    let unknown = json!({"product_id": "none"});
    for answer in [
        app.post("/api/price", &unknown).await,
        admin(&app, "PATCH", "/api/products/none", &json!({"name": "x"})).await,
        app.get("/api/products?limit=0").await,
        app.get("/api/price").await,
        app.get("/api/admin/none").await,
        app.ask("GET", "/api/admin/none", ADMIN_TOKEN).await,
    ] {
        assert!(answer.status.is_client_error());
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.text());
        for name in ["cdn-cache-control", "cache-tag", "etag"] {
            assert_eq!(answer.header(name), None, "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn the_table_is_a_setting_and_nought_is_not_at_all() {
    let settings = [("CACHE_DEFAULT_TTL", "7"), ("CACHE_TTLS", "/api/products=0,/api/products/1=9")];
    let app = TestApp::with(&settings).await;
    let governing = async |target| app.get(target).await.header("cdn-cache-control").unwrap().to_owned();
    assert_eq!(governing("/api/products").await, "no-store");
    assert_eq!(governing("/api/products/1").await, format!("max-age=9, {WINDOWS}"));
    assert_eq!(governing("/api/products/2").await, format!("max-age=7, {WINDOWS}"));
}

#[tokio::test]
async fn a_client_that_has_the_answer_gets_its_headers_alone() {
    let app = app().await;
    for target in ["/api/products", "/api/products/1", "/api/categories"] {
        let whole = app.get(target).await;
        let etag = whole.header("etag").unwrap();
        for method in ["GET", "HEAD"] {
            for named in [etag, &format!("\"x\", W/{etag}"), "*"] {
                let answer = app.send(bare(method, target, &[("if-none-match", named)])).await;
                assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{method} {target} {named}");
                assert!(answer.body.is_empty());
                for name in ["etag", "cache-control", "cdn-cache-control", "cache-tag", "vary"] {
                    assert_eq!(answer.header(name), whole.header(name), "{method} {target}: {name}");
                }
                assert_eq!(answer.header("content-length"), None);
            }
        }
        let other = app.send(bare("GET", target, &[("if-none-match", "\"x\"")])).await;
        assert_eq!((other.status, other.body), (StatusCode::OK, whole.body));
    }
    // The condition is about what is there (RFC 9110 §13.2.1): where nothing is, it says nothing.
    let gone = app.send(bare("GET", "/api/products/none", &[("if-none-match", "*")])).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn equal_bodies_have_equal_tags_on_every_replica_and_changed_ones_others() {
    let app = app().await;
    let other = valora_origin::router::router(app.replica(&[]).await);
    let ask = async |target: &str| {
        let request = bare("GET", target, &[]);
        let response = tower::ServiceExt::oneshot(other.clone(), request).await.unwrap();
        response.headers()["etag"].to_str().unwrap().to_owned()
    };
    let before = app.get("/api/products").await;
    assert_eq!(before.header("etag"), Some(&*ask("/api/products").await));
    admin(&app, "PATCH", "/api/products/1", &json!({"name": "Another"})).await;
    let after = app.get("/api/products").await;
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_eq!(after.header("etag"), Some(&*ask("/api/products").await));
}

/// What the edge is told by the changes since the last call.
async fn purged(app: &TestApp) -> BTreeSet<String> {
    let sql = "SELECT body FROM events WHERE kind = 'purge'";
    let bodies: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut app.connect().await).await.unwrap();
    app.sql("DELETE FROM events").await;
    let tags = |body: &String| serde_json::from_str::<Value>(body).unwrap()["tags"].clone();
    let tags = bodies.iter().flat_map(|body| tags(body).as_array().cloned().unwrap());
    tags.map(|tag| tag.as_str().unwrap().to_owned()).collect()
}

/// Each answer is asked for before and after each change: where it differs, the change must have purged one of the tags
/// that it had.
#[tokio::test]
async fn no_change_leaves_an_answer_that_nothing_purges() {
    const TARGETS: [&str; 13] = [
        "/api/products",
        "/api/products?limit=3",
        "/api/products?category=Boots",
        "/api/products?category=Other",
        "/api/categories",
        "/api/products/1",
        "/api/products/new",
        "/api/products/1/price",
        "/api/products/new/price",
        "/api/price/1",
        "/api/prices?ids=1,new",
        "/api/prices/1/history",
        "/api/prices/new/history",
    ];
    let app = app().await;
    let told = |source: &str, paise: i64| json!({"source": source, "price_paise": paise});
    let imported = |rest: &str| format!("product_id,name,brand,category,a_price_inr,b_price_inr\n{rest}\n");
    // Looking may itself record a price.
    app.get("/api/price/1").await;
    let mut before = Vec::new();
    for target in TARGETS {
        before.push(app.get(target).await);
    }
    purged(&app).await;
    let mut differed = 0;
    for step in 0..12 {
        let done = match step {
            0 => {
                let dearer = json!({"product_id": "1", "margin_percent": 0});
                admin(&app, "POST", "/api/price", &dearer).await.status.as_u16()
            }
            1 => {
                let new = json!({"product_id": "new", "name": "New", "category": "Boots"});
                admin(&app, "POST", "/api/products", &new).await.status.as_u16()
            }
            2 => admin(&app, "POST", "/api/products/new/observations", &told("cheap", 50_000))
                .await
                .status
                .as_u16(),
            // A dearer source changes no price: only the answers that list the sources differ.
            3 => admin(&app, "POST", "/api/products/new/observations", &told("dear", 52_000))
                .await
                .status
                .as_u16(),
            4 => {
                admin(&app, "PATCH", "/api/products/new", &json!({"category": "Other"})).await.status.as_u16()
            }
            5 => admin(&app, "PATCH", "/api/products/1", &json!({"name": "Renamed"})).await.status.as_u16(),
            6 => admin(&app, "PATCH", "/api/products/1", &json!({"pinned_paise": 777})).await.status.as_u16(),
            7 => app.ask("DELETE", "/api/products/new", ADMIN_TOKEN).await.status.as_u16(),
            8 => admin(&app, "PATCH", "/api/products/new", &json!({"is_active": true})).await.status.as_u16(),
            9 => app.import(imported("new,New,,Boots,400,410")).await.0.map(|_| 200).unwrap(),
            // The dearer source alone: neither the product nor a price changes.
            10 => app.import(imported("new,New,,Boots,400,420")).await.0.map(|_| 200).unwrap(),
            _ => app.import(imported("third,Third,,Other,5,")).await.0.map(|_| 200).unwrap(),
        };
        assert!((200..300).contains(&done), "step {step}: {done}");
        let purged = purged(&app).await;
        for (target, old) in TARGETS.iter().zip(&mut before) {
            let new = app.get(target).await;
            // An error names its request.
            let is_the_same = new.status == old.status && (new.status == 404 || new.body == old.body);
            let is_purged = tags(old).iter().any(|tag| purged.contains(*tag));
            assert!(
                is_the_same || is_purged,
                "step {step}: {target} had {:?}, purged: {purged:?}",
                tags(old)
            );
            differed += usize::from(!is_the_same);
            *old = new;
        }
        app.sql("DELETE FROM events").await;
    }
    assert!(differed > 40, "{differed}");
}
