//! The origin's own response cache: what it answers with, and that nothing old is ever in it.

use crate::support::{ADMIN_TOKEN, Answer, TestApp, admin, bare};
use axum::{Router, body::Body};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt as _;
use valora_origin::router::router;
use valora_shared::{cache::Epochs, events::PurgeMode};

async fn app() -> TestApp {
    TestApp::with(&[("ADMIN_TOKEN", ADMIN_TOKEN)]).await
}

async fn rename(app: &TestApp, name: &str) {
    let answer = admin(app, "PATCH", "/api/products/1", &json!({"name": name})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn x_cache(answer: &Answer) -> &str {
    answer.header("x-cache").unwrap()
}

async fn with(app: &TestApp, target: &str, headers: &[(&str, &str)]) -> Answer {
    app.send(bare("GET", target, headers)).await
}

#[tokio::test]
async fn the_second_answer_is_the_first_one_and_says_how_old_it_is() {
    let app = app().await;
    for target in ["/api/products", "/api/products/1/price", "/api/categories", "/api/prices?ids=2,1"] {
        let first = app.get(target).await;
        app.clock.advance(Duration::from_millis(2_500));
        let second = app.get(target).await;
        assert_eq!((x_cache(&first), first.header("age")), ("MISS", None), "{target}");
        assert_eq!((x_cache(&second), second.header("age")), ("HIT", Some("2")), "{target}");
        assert_eq!(first.body, second.body);
        for name in ["etag", "cache-control", "cdn-cache-control", "cache-tag", "content-type"] {
            assert_eq!(first.header(name), second.header(name), "{target}: {name}");
        }
    }
    // One entry for all spellings, for HEAD, and for those who have it already.
    assert_eq!(x_cache(&app.get("/api/products?utm_source=mail").await), "HIT");
    assert_eq!(x_cache(&app.send(bare("HEAD", "/api/products", &[])).await), "HIT");
    let etag = app.get("/api/products").await.header("etag").unwrap().to_owned();
    let had = with(&app, "/api/products", &[("if-none-match", &etag)]).await;
    assert_eq!((had.status.as_u16(), x_cache(&had), had.body.len()), (304, "HIT", 0));
    // Whoever asks first by HEAD fills it for GET.
    assert_eq!(x_cache(&app.send(bare("HEAD", "/api/products/2", &[])).await), "MISS");
    let get = app.get("/api/products/2").await;
    assert_eq!((x_cache(&get), get.json()["product_id"].as_str()), ("HIT", Some("2")));
}

#[tokio::test]
async fn an_answer_lives_as_long_as_its_row() {
    let app = TestApp::with(&[("CACHE_TTLS", "/api/products=10,/api/categories=0")]).await;
    app.get("/api/products").await;
    app.clock.advance(Duration::from_millis(9_800));
    assert_eq!(x_cache(&app.get("/api/products").await), "HIT");
    app.clock.advance(Duration::from_millis(200));
    assert_eq!(x_cache(&app.get("/api/products").await), "REVALIDATED", "the same as before");
    assert_eq!(x_cache(&app.get("/api/products").await), "HIT");
    for _ in 0..2 {
        assert_eq!(x_cache(&app.get("/api/categories").await), "MISS");
    }
}

#[tokio::test]
async fn what_is_meant_for_one_client_passes_by() {
    let app = app().await;
    app.get("/api/products").await;
    let signed = app.ask("GET", "/api/products", ADMIN_TOKEN).await;
    assert_eq!((signed.status.as_u16(), x_cache(&signed)), (200, "BYPASS"));
    assert_eq!(x_cache(&with(&app, "/api/products", &[("cache-control", "no-store")]).await), "BYPASS");
    for target in ["/", "/api/health", "/livez", "/errors/BadRequest"] {
        assert_eq!(x_cache(&app.get(target).await), "BYPASS", "{target}");
    }
    // A client may ask for one that was checked just now, or for none but a kept one.
    assert_eq!(x_cache(&with(&app, "/api/products", &[("cache-control", "no-cache")]).await), "REVALIDATED");
    let only = [("cache-control", "only-if-cached")];
    assert_eq!(x_cache(&with(&app, "/api/products", &only).await), "HIT");
    let none = with(&app, "/api/products/7", &only).await;
    assert_eq!((none.status.as_u16(), none.json()["error"].as_str()), (504, Some("NotCached")));
}

#[tokio::test]
async fn a_missing_product_is_kept_and_each_client_reads_its_own_id() {
    let app = app().await;
    let ask = async |id: &str| with(&app, "/api/products/new", &[("x-correlation-id", id)]).await;
    let (first, second) = (ask("first-client").await, ask("second-client").await);
    assert_eq!((x_cache(&first), x_cache(&second)), ("MISS", "HIT"));
    for (answer, id) in [(&first, "first-client"), (&second, "second-client")] {
        assert_eq!((answer.status.as_u16(), answer.json()["correlation_id"].as_str()), (404, Some(id)));
        assert_eq!(answer.header("x-correlation-id"), Some(id));
    }
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(x_cache(&ask("third-client").await), "MISS", "a minute is over");
    admin(&app, "POST", "/api/products", &json!({"product_id": "new", "name": "New"})).await;
    assert_eq!(ask("fourth-client").await.status, 200, "it came");
}

#[tokio::test]
async fn a_change_is_seen_by_the_very_next_request_and_leaves_the_rest() {
    let app = app().await;
    for round in 0..300 {
        let name = format!("Name {round}");
        rename(&app, &name).await;
        let answer = app.get("/api/products/1").await;
        assert_eq!((x_cache(&answer), answer.json()["name"].as_str()), ("MISS", Some(&*name)));
        assert_eq!(app.json("/api/products").await["PRODUCTS_LIST"][0]["name"], name);
        let other = app.get("/api/products/2").await;
        assert_eq!(x_cache(&other), if round == 0 { "MISS" } else { "HIT" }, "round {round}");
        app.clock.advance(Duration::from_millis(500));
    }
    // They were made few on the way.
    assert!(app.count("SELECT COUNT(*) FROM purges").await < 256);
}

#[tokio::test]
async fn what_cannot_be_read_counts_as_everything_purged_when_it_is_made_few() {
    const FOLDED_AT: u64 = 256;
    let app = app().await;
    rename(&app, "Before").await;
    app.sql("UPDATE purges SET part = 'nonsense'").await;
    for round in 1..FOLDED_AT {
        rename(&app, &format!("Name {round}")).await;
    }
    let folded: String = sqlx::query_scalar("SELECT part FROM purges WHERE epoch = 256")
        .fetch_one(&mut app.connect().await)
        .await
        .unwrap();
    let mut epochs = Epochs::default();
    epochs.merge_part(&folded).unwrap();
    // Nothing that was kept before may have escaped the purge that nobody can read.
    assert_eq!(epochs.verdict(&[], "/api/anything", FOLDED_AT - 1), Some(PurgeMode::Revalidate));
    assert_eq!(epochs.verdict(&[], "/api/anything", FOLDED_AT), None);
}

#[tokio::test]
async fn an_import_is_seen_by_the_very_next_request() {
    let app = app().await;
    app.get("/api/products/1").await;
    app.import("product_id,name,brand,category,a_price_inr\n1,Brought by import,,,99\n").await.0.unwrap();
    assert_eq!(app.json("/api/products/1").await["name"], "Brought by import");
}

/// Asks another origin on the same database.
async fn ask(router: &Router, target: &str) -> (String, Value) {
    let request: Request<Body> = bare("GET", target, &[]);
    let response: Response<Body> = router.clone().oneshot(request).await.unwrap();
    let x_cache = response.headers()["x-cache"].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (x_cache, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_replica_sees_the_change_of_another_at_once() {
    let app = app().await;
    let other = router(app.replica(&[]).await);
    for round in 0..50 {
        let name = format!("Name {round}");
        rename(&app, &name).await;
        assert_eq!(
            ask(&other, "/api/products/1").await,
            ("MISS".to_owned(), app.json("/api/products/1").await)
        );
        let (x_cache, body) = ask(&other, "/api/products/1").await;
        assert_eq!((&*x_cache, body["name"].as_str()), ("HIT", Some(&*name)));
    }
    // One that starts late has all of it to read.
    let late = router(app.replica(&[]).await);
    assert_eq!(ask(&late, "/api/products/1").await.0, "MISS");
    rename(&app, "Last").await;
    assert_eq!(ask(&late, "/api/products/1").await.1["name"], "Last");
}

/// Requests and changes side by side: no request that is sent after a change was answered may see what was before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_older_than_a_change_that_was_answered_before_it() {
    let app = app().await;
    let changes = async {
        for round in 1..=150_u64 {
            rename(&app, &format!("{round}")).await;
            SEEN.store(round, std::sync::atomic::Ordering::SeqCst);
        }
    };
    let readers = futures_util::future::join_all((0..8).map(async |_| {
        let mut hits = 0;
        loop {
            let at_least = SEEN.load(std::sync::atomic::Ordering::SeqCst);
            let answer = app.get("/api/products/1").await;
            hits += u64::from(x_cache(&answer) == "HIT");
            let shown: u64 = answer.json()["name"].as_str().unwrap().parse().unwrap_or(0);
            assert!(shown >= at_least, "{shown} after {at_least}");
            if shown == 150 {
                return hits;
            }
        }
    }));
    let ((), hits) = tokio::join!(changes, readers);
    assert!(hits.iter().sum::<u64>() > 100, "{hits:?}");
}

static SEEN: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

#[tokio::test]
async fn a_database_that_fails_leaves_readers_what_held_until_then() {
    let app = app().await;
    app.get("/api/products/1").await;
    let renamed = "ALTER TABLE products RENAME TO elsewhere";
    app.sql(renamed).await;
    // Fresh, and nothing was purged.
    assert_eq!(x_cache(&app.get("/api/products/1").await), "HIT");
    app.clock.advance(Duration::from_secs(301));
    let stale = app.get("/api/products/1").await;
    assert_eq!((stale.status.as_u16(), x_cache(&stale), stale.header("age")), (200, "STALE", Some("301")));
    assert_eq!(app.get("/api/products/2").await.status, 500);
    app.sql("ALTER TABLE elsewhere RENAME TO products").await;
    assert_eq!(x_cache(&app.get("/api/products/1").await), "REVALIDATED");
    // Closed, it tells neither versions nor purges: only what is stale is left.
    app.state.store.close().await;
    let stale = app.get("/api/products/1").await;
    assert_eq!((stale.status.as_u16(), x_cache(&stale)), (200, "STALE"));
    assert_eq!(app.get("/api/products/2").await.status, 503);
}

#[tokio::test]
async fn an_admin_clears_by_tag_path_and_altogether() {
    const TARGETS: [&str; 4] =
        ["/api/products", "/api/products/1", "/api/prices/1/history", "/api/categories"];
    let app = app().await;
    let clear = async |query: &str| {
        let answer = app.ask("POST", &format!("/api/admin/cache/clear?{query}"), ADMIN_TOKEN).await;
        (answer.status.as_u16(), answer.json())
    };
    let other = router(app.replica(&[]).await);
    for (pattern, cleared) in [
        ("tag:product:1", &["/api/products/1", "/api/prices/1/history"][..]),
        ("tag:products", &["/api/products", "/api/categories"]),
        ("/api/prices/*", &["/api/prices/1/history"]),
        ("categor", &["/api/categories"]),
        ("*", &TARGETS),
    ] {
        for target in TARGETS {
            app.get(target).await;
            ask(&other, target).await;
        }
        let (status, told) = clear(&format!("pattern={pattern}")).await;
        assert_eq!((status, told["cleared"].as_u64()), (200, Some(cleared.len() as u64)), "{told}");
        assert_eq!(
            (told["pattern"].as_str(), told["visible_by"].as_str()),
            (Some(pattern), Some("2026-09-21T14:13:20Z"))
        );
        for target in TARGETS {
            let expected = if cleared.contains(&target) { ["MISS", "REVALIDATED"] } else { ["HIT", "HIT"] };
            assert_eq!(x_cache(&app.get(target).await), expected[0], "{pattern}: {target}");
            // It had nothing to free, and checks what it has.
            let there = ask(&other, target).await.0;
            assert!(expected.contains(&&*there), "{pattern}: {target} {there} at the other");
        }
    }
    let (status, told) = clear("pattern=&mode=burn").await;
    assert_eq!((status, told["errors"].as_array().map(Vec::len)), (422, Some(2)), "{told}");
    assert_eq!(app.send(bare("POST", "/api/admin/cache/clear?pattern=*", &[])).await.status, 401);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE body LIKE '%cache/clear%'").await, 7, "audited");
}

#[tokio::test]
async fn what_was_cleared_hard_never_stands_in_for_a_failing_database() {
    let app = app().await;
    for (mode, expected) in [("hard", 500), ("revalidate", 200), ("soft", 200)] {
        let other = app.replica(&[]).await;
        let router = router(other.clone());
        ask(&router, "/api/products/1").await;
        app.ask("POST", &format!("/api/admin/cache/clear?pattern=tag:product:1&mode={mode}"), ADMIN_TOKEN)
            .await;
        app.sql("ALTER TABLE products RENAME TO elsewhere").await;
        let response = router.clone().oneshot(bare("GET", "/api/products/1", &[])).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{mode}");
        app.sql("ALTER TABLE elsewhere RENAME TO products").await;
    }
}

#[tokio::test]
async fn figures_tell_what_was_done() {
    let app = app().await;
    for target in ["/api/products", "/api/products", "/api/products", "/api/products/1"] {
        app.get(target).await;
    }
    app.ask("GET", "/api/products", ADMIN_TOKEN).await;
    let told = app.admin_json("/api/admin/cache/stats").await;
    for (name, expected) in [
        ("total_cache_keys", json!(2)),
        ("keyspace_hits", json!(2)),
        ("keyspace_misses", json!(2)),
        ("cache_hit_rate", json!(0.5)),
        ("bypassed", json!(1)),
        ("stale_hits", json!(0)),
        ("redis_reads", json!(null)),
        ("epoch", json!(0)),
    ] {
        assert_eq!(told[name], expected, "{name}: {told}");
    }
    assert!(told["memory_used_bytes"].as_u64().is_some_and(|bytes| bytes > 6_327), "{told}");
    assert!(told["memory_used_human"].as_str().is_some_and(|text| text.ends_with('K')), "{told}");
}

#[tokio::test]
async fn memory_is_bounded_and_can_be_turned_off() {
    let app = TestApp::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("ORIGIN_CACHE_MEMORY_BYTES", "100000")]).await;
    for limit in 1..=400 {
        app.get(&format!("/api/products?limit={limit}")).await;
    }
    let told = app.admin_json("/api/admin/cache/stats").await;
    assert!(told["memory_used_bytes"].as_u64().is_some_and(|bytes| bytes <= 100_000), "{told}");
    assert!(told["total_cache_keys"].as_u64().is_some_and(|keys| keys > 5), "{told}");
    let app = TestApp::with(&[("ORIGIN_CACHE_MEMORY_BYTES", "0")]).await;
    for _ in 0..2 {
        assert_eq!(x_cache(&app.get("/api/products").await), "BYPASS");
    }
}
