//! `GET /api/admin/prices/held`, `POST /api/admin/prices/held/{id}/confirm`: prices that fell too far to be recorded on
//! one source's word.

use crate::{
    app::AppState,
    error::AppError,
    http::{
        extract::{Admin, Segment},
        reply::{Answer, json},
    },
    store::held,
};
use axum::extract::State;
use serde::Serialize;
use valora_shared::{
    id::ProductId,
    money::Paise,
    problem::{ErrorCode, Problem},
    time::UnixMillis,
};

/// More than an administrator looks through; the longest waiting come first.
const MAX_HELD: usize = 500;

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

/// The prices that wait, the longest waiting first.
pub(crate) async fn held_prices(State(app): State<AppState>, _: Admin) -> Answer {
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

/// Records a price that waits, if the sources still name it.
pub(crate) async fn confirm(State(app): State<AppState>, admin: Admin, Segment(id): Segment) -> Answer {
    if app.pricing.confirm(&app.store, &id, admin.name()).await? {
        return json(&Confirmed { id, confirmed: true });
    }
    let gone = "No price waits under this id: the sources name another one by now, or it was decided before.";
    Err(AppError::from(Problem::new(ErrorCode::HeldPriceNotFound, gone)))
}
