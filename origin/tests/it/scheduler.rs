use crate::{
    shop::Shop,
    support::{ADMIN_TOKEN, TestApp, many_rows},
};
use serde_json::json;
use std::time::Duration;
use tokio::sync::watch;
use valora_origin::scheduler::{Round, Scheduler};

const INTERVAL: Duration = Duration::from_mins(5);
const SEED: u64 = 26;
const OVERDUE: &str = "SELECT COUNT(*) FROM polls WHERE due_at_ms <= 1790000300000";

/// Every product has a place and is due.
async fn all_due(app: &TestApp) -> Scheduler {
    let scheduler = Scheduler::new(app.state.clone());
    assert_eq!(scheduler.round().await.unwrap(), Round::default(), "new ones are due after one interval");
    app.clock.advance(INTERVAL);
    scheduler
}

#[tokio::test]
async fn a_round_records_what_changed_and_a_heartbeat_the_rest() {
    let app = TestApp::with(&[("ADMIN_TOKEN", ADMIN_TOKEN)]).await;
    let scheduler = all_due(&app).await;
    let first = scheduler.round().await.unwrap();
    assert_eq!(first, Round { done: SEED, recorded: SEED, ..Round::default() });
    assert_eq!(scheduler.round().await.unwrap(), Round::default(), "nothing is due");
    app.clock.advance(INTERVAL);
    app.sql("UPDATE products SET pinned_paise = 5 WHERE product_id = '1'").await;
    assert_eq!(scheduler.round().await.unwrap().recorded, 1);
    app.clock.advance(Duration::from_mins(24 * 60 - 5));
    assert_eq!(scheduler.round().await.unwrap().recorded, SEED - 1, "a day without a change is on record");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM prices p JOIN products q USING (product_id) WHERE p.seq > q.seq")
            .await,
        0
    );
    let shown = app.admin_json("/api/admin/scheduler").await;
    assert_eq!(
        shown["products"],
        json!({"new":0,"due":0,"claimed":0,"failing":0,"next_due_at":"2026-09-22T14:23:20Z"})
    );
    assert_eq!((&shown["is_enabled"], &shown["interval_seconds"]), (&json!(true), &json!(300)));
    assert_eq!(
        (&shown["last_round"]["done"], &shown["last_round"]["recorded"]),
        (&json!(SEED), &json!(SEED - 1))
    );
}

#[tokio::test]
async fn two_replicas_share_a_round_and_do_no_product_twice() {
    let app = TestApp::new().await;
    app.import(many_rows(5_000)).await.0.unwrap();
    let one = all_due(&app).await;
    let other = Scheduler::new(app.replica(&[]).await);
    let (one, other) = futures_util::future::join(one.round(), other.round()).await;
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.done + other.done, one.lost + other.lost), (5_000 + SEED, 0));
    // That both do some of it is not for sure on one database; the e2e test `replicas` sees it over two processes.
    assert_eq!(app.count("SELECT COUNT(*) FROM prices").await, 5_026);
    assert_eq!(app.count(OVERDUE).await, 0);
}

#[tokio::test]
async fn what_a_dead_replica_had_is_done_by_another_when_its_claims_are_over() {
    let shop = Shop::open().await;
    let rest = "kind = \"http-json\"\npointer = \"/p\"\ntimeout_ms = 30000";
    let app = TestApp::with_sources(&shop.source("s", "slow/{product_id}", rest), &[]).await;
    let dying = all_due(&app).await;
    // It hangs at its sources, and is gone in the middle.
    assert!(tokio::time::timeout(Duration::from_millis(500), dying.round()).await.is_err());
    drop(dying);
    let claimed = "SELECT COUNT(*) FROM polls WHERE claimed_until_ms > 0";
    assert_eq!(app.count(claimed).await, 26);
    let path = app.database().with_file_name("sources.toml");
    std::fs::write(path, shop.json("s", "json/{product_id}")).unwrap();
    let other = Scheduler::new(app.replica(&[]).await);
    assert_eq!(other.round().await.unwrap().done, 0, "they are still claimed");
    app.clock.advance(Duration::from_mins(2));
    assert_eq!(other.round().await.unwrap().done, SEED);
    assert_eq!(app.count("SELECT COUNT(*) FROM observations WHERE paise = 1939903").await, 26);
}

#[tokio::test]
async fn a_replica_that_comes_back_too_late_does_nothing_twice() {
    let shop = Shop::open().await;
    let rest = "kind = \"http-json\"\npointer = \"/p\"\ntimeout_ms = 700\nconcurrency = 64";
    let app = TestApp::with_sources(
        &shop.source("s", "slow/{product_id}", rest),
        &[("PRICE_POLL_CONCURRENCY", "64")],
    )
    .await;
    let late = all_due(&app).await;
    let path = app.database().with_file_name("sources.toml");
    std::fs::write(path, shop.json("s", "json/{product_id}")).unwrap();
    let other = Scheduler::new(app.replica(&[]).await);
    let taking_over = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.clock.advance(Duration::from_secs(121));
        other.round().await.unwrap()
    };
    let (late, other) = futures_util::future::join(late.round(), taking_over).await;
    let late = late.unwrap();
    assert_eq!((late.done, late.lost, other.done), (0, SEED, SEED));
}

#[tokio::test]
async fn a_product_whose_sources_all_fail_is_asked_less_and_less_often() {
    let shop = Shop::open().await;
    let app = TestApp::with_sources(&shop.json("s", "broken/{product_id}"), &[]).await;
    app.sql("UPDATE products SET is_active = FALSE WHERE product_id <> '1'").await;
    let scheduler = all_due(&app).await;
    let mut asked_after_minutes = Vec::new();
    for minutes in 0..80 {
        let before = shop.requests().len();
        scheduler.round().await.unwrap();
        if shop.requests().len() > before {
            asked_after_minutes.push(minutes);
        }
        app.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(asked_after_minutes, [0, 10, 30, 70]);
    assert_eq!(app.count("SELECT failures FROM polls WHERE product_id = '1'").await, 4);
    assert_eq!(app.count("SELECT last_known_paise FROM products WHERE product_id = '1'").await, 1_999_900);
}

#[tokio::test]
async fn a_source_has_a_pace_of_its_own() {
    let shop = Shop::open().await;
    let file = shop.json("often", "json/{product_id}")
        + &(shop.json("hourly", "json/{product_id}?h") + "poll_seconds = 3600\n")
        + &(shop.json("never", "json/{product_id}?n") + "poll_seconds = 0\n");
    let app = TestApp::with_sources(&file, &[]).await;
    app.sql("UPDATE products SET is_active = FALSE WHERE product_id <> '1'").await;
    let scheduler = all_due(&app).await;
    for _ in 0..13 {
        scheduler.round().await.unwrap();
        app.clock.advance(INTERVAL);
    }
    let asked = |what: &str| shop.requests().iter().filter(|head| head.contains(what)).count();
    assert_eq!((asked("/1 "), asked("?h"), asked("?n")), (13, 2, 0));
}

#[tokio::test]
async fn stopping_gives_back_what_was_claimed() {
    let shop = Shop::open().await;
    let rest = "kind = \"http-json\"\npointer = \"/p\"\ntimeout_ms = 30000";
    let app = TestApp::with_sources(&shop.source("s", "slow/{product_id}", rest), &[]).await;
    let scheduler = all_due(&app).await;
    let (sender, stopped) = watch::channel(false);
    let running = tokio::spawn(scheduler.run(stopped));
    while shop.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sender.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM polls WHERE claimed_until_ms > 0").await, 0);
}

#[tokio::test]
async fn without_an_interval_there_is_no_scheduler() {
    let app = TestApp::with(&[("PRICE_POLL_INTERVAL_SECONDS", "0")]).await;
    let (_stop, stopped) = watch::channel(false);
    Scheduler::new(app.state.clone()).run(stopped).await;
}
