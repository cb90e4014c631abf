//! Routes for administrators: the prices that wait for a second look, and the scheduler.
//!
//! `GET /api/admin/prices/held`, `POST /api/admin/prices/held/{id}/confirm`, `GET /api/admin/scheduler`. They know
//! nothing of who asks: whoever mounts them puts the check for an administrator around them.

use crate::{
    app::AppState,
    error::AppError,
    http::{
        extract::Segment,
        reply::{Answer, json},
    },
    scheduler,
    store::{held, polls},
};
use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use serde::Serialize;
use valora_shared::{
    id::ProductId,
    money::Paise,
    problem::{ErrorCode, Problem},
    time::UnixMillis,
};

/// More than an administrator looks through; the longest waiting come first.
const MAX_HELD: usize = 500;
/// Who confirmed, until the check around these routes says so.
const ADMIN: &str = "admin";

/// The routes, without any protection.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/admin/prices/held", get(held_prices))
        .route("/api/admin/prices/held/{id}/confirm", post(confirm))
        .route("/api/admin/scheduler", get(scheduler_status))
}

#[derive(Serialize)]
struct HeldList {
    held: Vec<Waiting>,
}

#[derive(Serialize)]
struct Waiting {
    id: String,
    product_id: ProductId,
    lowest_paise: Paise,
    recorded_paise: Paise,
    sources: Vec<String>,
    held_at: UnixMillis,
}

#[derive(Serialize)]
struct Confirmed {
    id: String,
    confirmed: bool,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
struct Products {
    new: i64,
    due: i64,
    claimed: i64,
    failing: i64,
    next_due_at: Option<UnixMillis>,
}

#[derive(Serialize)]
struct LastRound {
    began_at: UnixMillis,
    took_ms: u64,
    done: u64,
    recorded: u64,
    held: u64,
    failed: u64,
    lost: u64,
}

#[derive(Serialize)]
struct SourceAnswer {
    name: String,
    kind: &'static str,
    asked_total: u64,
    told_total: u64,
    unchanged_total: u64,
    failed_total: u64,
}

async fn held_prices(State(app): State<AppState>) -> Answer {
    let waiting = held::open(&mut *app.store.read().await?, MAX_HELD).await?;
    let held = waiting.into_iter().map(|held| Waiting {
        id: held.held_id,
        product_id: held.product_id,
        lowest_paise: held.lowest,
        recorded_paise: held.recorded,
        sources: held.supporters.into_iter().map(|supporter| supporter.source).collect(),
        held_at: held.held_at,
    });
    json(&HeldList { held: held.collect() })
}

async fn confirm(State(app): State<AppState>, Segment(id): Segment) -> Answer {
    if app.pricing.confirm(&app.store, &id, ADMIN).await? {
        return json(&Confirmed { id, confirmed: true });
    }
    let gone = "No price waits under this id: the sources name another one by now, or it was decided before.";
    Err(AppError::from(Problem::new(ErrorCode::HeldPriceNotFound, gone)))
}

async fn scheduler_status(State(app): State<AppState>) -> Answer {
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
