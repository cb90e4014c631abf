//! `GET /api/admin/scheduler`.

use crate::{
    app::AppState,
    http::{
        extract::Admin,
        reply::{Answer, json},
    },
    scheduler,
    store::polls,
};
use axum::extract::State;
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use valora_shared::time::UnixMillis;

#[derive(Serialize, ToSchema)]
#[schema(as = Scheduler)]
struct SchedulerAnswer {
    is_enabled: bool,
    interval_seconds: u64,
    products: Products,
    rounds_total: u64,
    last_round: Option<LastRound>,
    prices_held_total: u64,
    prices_confirmed_total: u64,
    sources: Vec<SourceAnswer>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SchedulerProducts)]
struct Products {
    new: i64,
    due: i64,
    claimed: i64,
    failing: i64,
    next_due_at: Option<UnixMillis>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SchedulerRound)]
struct LastRound {
    began_at: UnixMillis,
    took_ms: u64,
    done: u64,
    recorded: u64,
    held: u64,
    failed: u64,
    lost: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SchedulerSource)]
struct SourceAnswer {
    name: String,
    kind: &'static str,
    asked_total: u64,
    told_total: u64,
    unchanged_total: u64,
    failed_total: u64,
}

/// For the `OpenAPI` document.
pub(crate) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((SchedulerAnswer::name().into_owned(), SchedulerAnswer::schema()));
    <SchedulerAnswer as ToSchema>::schemas(all);
}

/// How products, rounds and sources stand.
pub(crate) async fn show(State(app): State<AppState>, _: Admin) -> Answer {
    let products = polls::standing(&mut *app.store.read().await?, app.clock.now()).await?;
    let interval = scheduler::interval(&app);
    let shown = app.scheduler.get();
    let (prices_held_total, prices_confirmed_total) = app.pricing.counts.get();
    json(&SchedulerAnswer {
        is_enabled: interval.is_some(),
        interval_seconds: interval.unwrap_or_default().as_secs(),
        products: Products {
            new: products.new,
            due: products.due,
            claimed: products.claimed,
            failing: products.failing,
            next_due_at: products.next_due_at,
        },
        rounds_total: shown.rounds,
        last_round: shown.last.map(|(began_at, took, round)| LastRound {
            began_at,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            done: round.done,
            recorded: round.recorded,
            held: round.held,
            failed: round.failed,
            lost: round.lost,
        }),
        prices_held_total,
        prices_confirmed_total,
        sources: app
            .sources
            .iter()
            .map(|source| {
                let [asked_total, told_total, unchanged_total, failed_total] = source.counts.get();
                let (name, kind) = (source.spec.name.clone(), source.spec.kind.name());
                SourceAnswer { name, kind, asked_total, told_total, unchanged_total, failed_total }
            })
            .collect(),
    })
}
