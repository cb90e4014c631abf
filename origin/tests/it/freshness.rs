//! What is kept in memory is never shown once something was committed (docs/adr/0003).

use crate::support::{TestApp, post_price};
use std::process::Command;
use tower::ServiceExt;

fn first_name(page: &serde_json::Value) -> &str {
    page["PRODUCTS_LIST"][0]["name"].as_str().unwrap()
}

#[tokio::test]
async fn a_commit_through_another_connection_is_seen_by_the_very_next_request() {
    // A tool's change purges nothing, so the response cache would not know of it.
    let app = TestApp::with(&[("ORIGIN_CACHE_MEMORY_BYTES", "0")]).await;
    for round in 0..200 {
        let name = format!("Name {round}");
        sqlx::query("UPDATE products SET name = $1 WHERE product_id = '1'")
            .bind(&name)
            .execute(&mut app.connect().await)
            .await
            .unwrap();
        assert_eq!(first_name(&app.json("/api/products").await), name);
    }
}

#[tokio::test]
async fn a_commit_of_the_origin_itself_is_seen_too() {
    let app = TestApp::new().await;
    app.json("/api/products").await;
    app.post_price(r#"{"product_id":"1"}"#).await;
    assert_eq!(app.json("/api/products").await["PRODUCTS_LIST"][0]["display_paise"], 1_939_903);
}

#[tokio::test]
async fn an_import_by_another_process_is_seen_by_the_very_next_request() {
    let app = TestApp::new().await;
    app.json("/api/products").await;
    let file = app.database().with_extension("csv");
    std::fs::write(&file, "product_id,name,brand,category,a_price_inr\n1,Brought by import,,,99\n").unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_valora-origin"))
        .arg("import")
        .arg(&file)
        .env("DATABASE_URL", format!("sqlite:///{}", app.database().display()))
        .current_dir(file.parent().unwrap())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let page = app.json("/api/products").await;
    assert_eq!(first_name(&page), "Brought by import");
    assert_eq!(page["PRODUCTS_LIST"][0]["last_known_paise"], 9_900);
}

#[tokio::test]
async fn ten_thousand_requests_at_once_share_their_version_reads() {
    let app = TestApp::new().await;
    app.get("/api/products").await;
    let before = app.state.store.version_reads();
    let all = futures_util::future::join_all((0..10_000).map(|_| app.get("/api/products"))).await;
    assert!(all.iter().all(|answer| answer.status == 200 && answer.body == all[0].body));
    let reads = app.state.store.version_reads() - before;
    assert!((1..=10).contains(&reads), "{reads} reads");
}

#[tokio::test]
async fn a_version_changes_with_commits_and_with_nothing_else() {
    let app = TestApp::new().await;
    let before = app.state.store.version().await;
    assert!(before.is_some());
    assert_eq!(app.state.store.version().await, before, "nothing was committed");
    app.sql("UPDATE products SET name = 'x'").await;
    let after = app.state.store.version().await;
    assert_ne!(after, before);
    // A transaction that is not committed changes nothing.
    let mut open = app.state.store.write().await.unwrap();
    sqlx::query("UPDATE products SET name = 'y'").execute(&mut *open).await.unwrap();
    assert_eq!(app.state.store.version().await, after);
    open.rollback().await.unwrap();
    assert_eq!(app.state.store.version().await, after);
}

#[tokio::test]
async fn a_database_in_memory_is_asked_each_time() {
    let app = TestApp::with(&[("DATABASE_URL", "sqlite://")]).await;
    assert_eq!(app.json("/api/products").await["PRODUCTS_LIST"].as_array().unwrap().len(), 26);
    app.import("product_id,name,brand,category,a_price_inr\nnew,New,,,99\n").await.0.unwrap();
    assert_eq!(app.json("/api/products").await["PRODUCTS_LIST"].as_array().unwrap().len(), 27);
    app.post_price(r#"{"product_id":"1"}"#).await;
    assert_eq!(app.json("/api/products").await["PRODUCTS_LIST"][0]["display_paise"], 1_939_903);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_wait_for_a_lock_hold_up_no_reader() {
    let app = TestApp::new().await;
    let mut foreign = app.connect().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut foreign).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let app = app.router();
            tokio::spawn(
                async move { app.oneshot(post_price(r#"{"product_id":"1"}"#)).await.unwrap().status() },
            )
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let reading = app.get("/api/products/1");
    let read = tokio::time::timeout(std::time::Duration::from_secs(2), reading).await;
    assert_eq!(read.expect("a reader waited for the writers").status, 200);
    sqlx::raw_sql("ROLLBACK").execute(&mut foreign).await.unwrap();
    for writer in writers {
        assert_eq!(writer.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_closed_database_is_whole_in_its_file() {
    let app = TestApp::with_sample().await;
    app.json("/api/products").await;
    app.state.store.close().await;
    let wal = app.database().with_extension("db-wal");
    assert!(!wal.exists(), "{} is left", wal.display());
}
