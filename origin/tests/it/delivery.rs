//! Whatever the edge or another origin does, events arrive.

use crate::{
    events::{PENDING, all_sent, app, change, purge, run, settings, until},
    receiver::{Manner, Receiver},
    support::TestApp,
};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use valora_origin::store::events::{self, Listed};
use valora_shared::{events::EventBody, id::ProductId};

async fn listed(app: &TestApp, state: &str) -> Vec<Listed> {
    events::list(&mut app.state.store.read().await.unwrap(), state, 1_000).await.unwrap()
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
