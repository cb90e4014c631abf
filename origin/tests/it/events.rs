use crate::{
    receiver::{Manner, Receiver, SECRET},
    support::{ADMIN_TOKEN, TestApp, many_rows},
};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};
use valora_origin::{
    app::AppState,
    events::Sender,
    pricing::Pricing,
    store::events::{self, Listed},
};
use valora_shared::{
    account::UserId,
    events::{Event, EventBody, PurgeMode, Subject},
    id::ProductId,
    time::UnixMillis,
};

const PENDING: &str = "SELECT COUNT(*) FROM events WHERE state = 'pending'";

struct Running {
    stop: watch::Sender<bool>,
    sender: JoinHandle<()>,
}

fn run(app: &AppState) -> Running {
    let (stop, stopped) = watch::channel(false);
    Running { stop, sender: tokio::spawn(Sender::new(app.clone()).run(stopped)) }
}

impl Running {
    async fn stop(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(5), self.sender).await.unwrap().unwrap();
    }
}

fn settings(receiver: &Receiver) -> [(&'static str, String); 3] {
    [
        ("EDGE_URL", receiver.url()),
        ("EDGE_ORIGIN_SECRET", SECRET.to_owned()),
        ("ADMIN_TOKEN", ADMIN_TOKEN.to_owned()),
    ]
}

async fn app(receiver: &Receiver) -> TestApp {
    let settings = settings(receiver);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    TestApp::with(&settings).await
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("30 s passed before {what}");
}

async fn all_sent(app: &TestApp) {
    until("all events were sent", async || app.count(PENDING).await == 0).await;
}

fn id(id: &str) -> ProductId {
    ProductId::parse(id).unwrap()
}

async fn purge(app: &TestApp, product: &str) {
    let mut db = app.state.store.write().await.unwrap();
    events::purge_product(&mut db, &id(product), "Phones", app.clock.now()).await.unwrap();
    db.commit().await.unwrap();
}

/// Records a new price of a product.
async fn change(app: &AppState, product: &str) {
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

async fn listed(app: &TestApp, state: &str) -> Vec<Listed> {
    events::list(&mut app.state.store.read().await.unwrap(), state, 1_000).await.unwrap()
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
        events::purge_product(&mut db, &ids[0], "", app.clock.now()).await.unwrap();
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
async fn whatever_the_edge_does_wrong_events_stay_until_it_has_them() {
    for manner in [Manner::Failing, Manner::Garbage, Manner::First] {
        let receiver = Receiver::open(manner);
        let app = app(&receiver).await;
        let running = run(&app.state);
        for product in ["1", "2", "3"] {
            purge(&app, product).await;
        }
        if manner == Manner::First {
            all_sent(&app).await;
        } else {
            until("it failed", async || app.state.events.is_failing()).await;
            assert_eq!(app.count(PENDING).await, 3, "{manner:?}");
            receiver.behave(Manner::Good);
            all_sent(&app).await;
            until("it is well again", async || !app.state.events.is_failing()).await;
        }
        let ids: BTreeSet<_> = receiver.events().into_iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), 3, "{manner:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn what_was_taken_and_not_answered_for_comes_again() {
    let mut receiver = Receiver::open(Manner::Silent);
    let app = app(&receiver).await;
    let running = run(&app.state);
    purge(&app, "1").await;
    until("it was taken", async || receiver.deliveries() == 1).await;
    receiver.kill();
    receiver.behave(Manner::Good);
    receiver.start();
    all_sent(&app).await;
    let events = receiver.events();
    assert_eq!((events.len(), &events[0].id), (2, &events[1].id));
    running.stop().await;
}

#[tokio::test]
async fn a_refused_event_is_set_aside_and_blocks_nobody() {
    let receiver = Receiver::open(Manner::NoPurges);
    let app = app(&receiver).await;
    let running = run(&app.state);
    change(&app.state, "1").await;
    change(&app.state, "1").await;
    all_sent(&app).await;
    let refused = listed(&app, "refused").await;
    assert_eq!(refused.len(), 2);
    assert_eq!(
        (&*refused[0].kind, refused[0].error.as_deref(), refused[0].attempts),
        ("purge", Some("no"), 1)
    );
    receiver.behave(Manner::Good);
    let mut db = app.state.store.write().await.unwrap();
    assert_eq!(events::retry(&mut db, Some(&refused[0].id)).await.unwrap(), 1);
    db.commit().await.unwrap();
    all_sent(&app).await;
    assert_eq!(listed(&app, "refused").await.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_delivery_that_is_rejected_whole_is_halved() {
    for (manner, refused) in [(Manner::Small, 0), (Manner::Choking, 1)] {
        let receiver = Receiver::open(manner);
        let app = app(&receiver).await;
        for number in 0..20 {
            purge(&app, if number == 13 { "poison" } else { "1" }).await;
        }
        let running = run(&app.state);
        all_sent(&app).await;
        assert_eq!(listed(&app, "refused").await.len(), refused, "{manner:?}");
        assert_eq!(app.state.events.get().1, 20 - refused as u64);
        running.stop().await;
    }
}

#[tokio::test]
async fn what_a_dead_replica_had_is_sent_when_its_claim_is_over_and_what_a_stopped_one_had_at_once() {
    let receiver = Receiver::open(Manner::Silent);
    let app = app(&receiver).await;
    let dying = run(&app.state);
    change(&app.state, "1").await;
    until("it was taken", async || receiver.deliveries() == 1).await;
    dying.sender.abort();
    receiver.behave(Manner::Good);
    // The second price of a product that is somebody's waits with it.
    change(&app.state, "1").await;
    let other = run(&app.state);
    until("the other's purge was sent", async || receiver.deliveries() > 1).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE kind = 'price'").await, 2);
    app.clock.advance(Duration::from_secs(30));
    all_sent(&app).await;
    receiver.behave(Manner::Silent);
    let before = receiver.deliveries();
    purge(&app, "1").await;
    until("it was taken", async || receiver.deliveries() > before).await;
    other.stop().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE claimed_until_ms > 0").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_two_origins_each_products_prices_arrive_in_order_whatever_dies() {
    const CHANGES: usize = 1_000;
    let mut receiver = Receiver::open(Manner::Good);
    let app = app(&receiver).await;
    let settings = settings(&receiver);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let other = app.replica(&settings).await;
    let running = [run(&app.state), run(&other)];
    let writing = [app.state.clone(), other.clone()].map(|origin| {
        tokio::spawn(async move {
            for number in 0..CHANGES / 2 {
                change(&origin, &format!("{}", number % 7 + 1)).await;
            }
        })
    });
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        receiver.kill();
        tokio::time::sleep(Duration::from_millis(30)).await;
        receiver.start();
    }
    for writer in writing {
        writer.await.unwrap();
    }
    all_sent(&app).await;
    let mut newest: HashMap<ProductId, i64> = HashMap::new();
    let mut first_arrivals = 0;
    for event in receiver.events() {
        let EventBody::Price(price) = event.body else { continue };
        let last = newest.entry(price.product_id.clone()).or_insert(0);
        if price.seq > *last {
            assert_eq!(price.seq, *last + 1, "of product {}", price.product_id);
            *last = price.seq;
            first_arrivals += 1;
        }
    }
    assert_eq!(first_arrivals, CHANGES);
    for running in running {
        running.stop().await;
    }
}

#[tokio::test]
async fn without_an_edge_events_are_deleted_after_a_day() {
    let app = TestApp::new().await;
    app.sql("DELETE FROM events").await;
    for _ in 0..1_100 {
        let mut db = app.state.store.write().await.unwrap();
        events::purge_product(&mut db, &id("1"), "", UnixMillis(app.clock.now().0 - 1)).await.unwrap();
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
