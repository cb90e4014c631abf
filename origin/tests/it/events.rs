//! What is written and what leaves.

use crate::{
    receiver::{Manner, Receiver, SECRET},
    support::{ADMIN_TOKEN, TestApp, many_rows},
};
use sqlx::SqliteConnection;
use std::{collections::BTreeSet, time::Duration};
use tokio::{sync::watch, task::JoinHandle};
use valora_origin::{app::AppState, events::Sender, pricing::Pricing, store::events};
use valora_shared::{
    account::UserId,
    events::{Event, EventBody, PurgeMode, Subject},
    id::ProductId,
    time::UnixMillis,
};

pub(crate) const PENDING: &str = "SELECT COUNT(*) FROM events WHERE state = 'pending'";

pub(crate) struct Running {
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) sender: JoinHandle<()>,
}

pub(crate) fn run(app: &AppState) -> Running {
    let (stop, stopped) = watch::channel(false);
    Running { stop, sender: tokio::spawn(Sender::new(app.clone()).run(stopped)) }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(5), self.sender).await.unwrap().unwrap();
    }
}

pub(crate) fn settings(receiver: &Receiver) -> [(&'static str, String); 3] {
    [
        ("EDGE_URL", receiver.url()),
        ("EDGE_ORIGIN_SECRET", SECRET.to_owned()),
        ("ADMIN_TOKEN", ADMIN_TOKEN.to_owned()),
    ]
}

pub(crate) async fn app(receiver: &Receiver) -> TestApp {
    let settings = settings(receiver);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    TestApp::with(&settings).await
}

pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("30 s passed before {what}");
}

pub(crate) async fn all_sent(app: &TestApp) {
    until("all events were sent", async || app.count(PENDING).await == 0).await;
}

fn id(id: &str) -> ProductId {
    ProductId::parse(id).unwrap()
}

async fn purge_in(db: &mut SqliteConnection, product: &str, now: UnixMillis) {
    events::purge(db, [&id(product)], &BTreeSet::from(["Phones".to_owned()]), now).await.unwrap();
}

pub(crate) async fn purge(app: &TestApp, product: &str) {
    let mut db = app.state.store.write().await.unwrap();
    purge_in(&mut db, product, app.clock.now()).await;
    db.commit().await.unwrap();
}

/// Records a new price of a product.
pub(crate) async fn change(app: &AppState, product: &str) {
    let mut db = app.store.write().await.unwrap();
    sqlx::query("UPDATE products SET pinned_paise = COALESCE(pinned_paise, 1000) + 1 WHERE product_id = $1")
        .bind(product)
        .execute(&mut *db)
        .await
        .unwrap();
    let pricing: &Pricing = &app.pricing;
    assert_eq!(pricing.recompute(&mut db, &[id(product)]).await.unwrap().recorded, 1);
    db.commit().await.unwrap();
}

#[tokio::test]
async fn a_price_is_told_with_its_purge_in_its_own_transaction() {
    let receiver = Receiver::open(Manner::Good);
    let app = app(&receiver).await;
    let mut db = app.state.store.write().await.unwrap();
    app.state.pricing.recompute(&mut db, &[id("1")]).await.unwrap();
    drop(db);
    assert_eq!(app.count(PENDING).await, 0, "what was undone is not told");
    let running = run(&app.state);
    change(&app.state, "1").await;
    all_sent(&app).await;
    let told: Vec<EventBody> = receiver.events().into_iter().map(|event| event.body).collect();
    let price = told.iter().find_map(|body| match body {
        EventBody::Price(price) => Some(price),
        _ => None,
    });
    let price = price.unwrap();
    assert_eq!((price.seq, price.display_paise.0, &*price.display_price_readable), (1, 1_001, "₹10.01"));
    let tags = told.iter().find_map(|body| match body {
        EventBody::Purge(purge) if purge.mode == PurgeMode::Revalidate => Some(purge.tags.clone()),
        _ => None,
    });
    let tags = tags.unwrap();
    assert_eq!(tags[..2], ["product:1", "products"]);
    assert!(tags[2].starts_with("category:"));
    running.stop().await;
}

#[tokio::test]
async fn revocations_and_admin_actions_are_told() {
    let receiver = Receiver::open(Manner::Good);
    let app = app(&receiver).await;
    app.register("bob").await;
    let running = run(&app.state);
    assert_eq!(app.ask("POST", "/api/admin/users/1/deactivate", ADMIN_TOKEN).await.status, 200);
    assert_eq!(app.get("/api/admin/users").await.status, 401);
    all_sent(&app).await;
    let told: Vec<EventBody> = receiver.events().into_iter().map(|event| event.body).collect();
    let is_revoked = |body: &EventBody| matches!(body, EventBody::Revoke(revocation) if revocation.subject == Subject::User(UserId(1)));
    assert!(told.iter().any(is_revoked), "{told:?}");
    let audited: Vec<_> = told
        .iter()
        .filter_map(|body| match body {
            EventBody::Audit(entry) => Some((&*entry.who, &*entry.what, &*entry.result)),
            _ => None,
        })
        .collect();
    let actions = [
        ("admin-token", "POST /api/admin/users/1/deactivate", "200"),
        ("nobody", "GET /api/admin/users", "401"),
    ];
    assert_eq!(audited, actions);
    running.stop().await;
}

#[tokio::test]
async fn an_import_purges_what_it_touches_in_a_few_events() {
    let app = TestApp::new().await;
    app.import(many_rows(1_000)).await.0.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE kind = 'purge'").await, 11);
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 11);
    app.import(many_rows(1_000)).await.0.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 11, "nothing changed");
}

#[tokio::test]
async fn a_delivery_holds_at_most_500_events_and_40_prices() {
    let receiver = Receiver::open(Manner::Good);
    let app = app(&receiver).await;
    app.import(many_rows(100)).await.0.unwrap();
    let ids: Vec<ProductId> = (0..100).map(|number| id(&format!("many-{number}"))).collect();
    let mut db = app.state.store.write().await.unwrap();
    app.state.pricing.recompute(&mut db, &ids).await.unwrap();
    for _ in 0..600 {
        purge_in(&mut db, ids[0].as_str(), app.clock.now()).await;
    }
    db.commit().await.unwrap();
    let running = run(&app.state);
    all_sent(&app).await;
    let prices = |events: &[Event]| events.iter().filter(|event| event.body.kind() == "price").count();
    let sizes: Vec<_> = {
        let seen = receiver.seen.lock().unwrap();
        seen.deliveries.iter().map(|events| (events.len(), prices(events))).collect()
    };
    assert_eq!((sizes[0], sizes.len()), ((500, 40), 3), "{sizes:?}");
    assert!(sizes.iter().all(|(events, prices)| *events <= 500 && *prices <= 40));
    running.stop().await;
}

#[tokio::test]
async fn without_an_edge_events_are_deleted_after_a_day() {
    let app = TestApp::new().await;
    app.sql("DELETE FROM events").await;
    for _ in 0..1_100 {
        let mut db = app.state.store.write().await.unwrap();
        purge_in(&mut db, "1", UnixMillis(app.clock.now().0 - 1)).await;
        db.commit().await.unwrap();
    }
    app.clock.advance(Duration::from_hours(24));
    purge(&app, "2").await;
    let running = run(&app.state);
    all_but_one_are_gone(&app).await;
    running.stop().await;
}

async fn all_but_one_are_gone(app: &TestApp) {
    until("old events were deleted", async || app.count(PENDING).await == 1).await;
}
