//! `GET /api/admin/prices/held`, `POST /api/admin/prices/held/{id}/confirm`: prices that fell too far to be recorded on
//! one source's word.

use crate::{
    app::AppState,
    error::AppError,
    http::{
        extract::{Admin, Limits, Query, QueryReader, Segment, cut, number},
        reply::{Answer, json},
    },
    store::held,
};
use axum::extract::State;
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use valora_shared::{
    id::ProductId,
    money::Paise,
    problem::{ErrorCode, Problem},
    time::UnixMillis,
};

/// The most in one answer, and how many there are if nobody says.
const MAX_HELD: usize = 500;

#[derive(Serialize, ToSchema)]
#[schema(as = HeldPrices)]
struct HeldList {
    held: Vec<Waiting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HeldPrice)]
struct Waiting {
    id: String,
    product_id: ProductId,
    lowest_paise: Paise,
    recorded_paise: Paise,
    sources: Vec<String>,
    held_at: UnixMillis,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConfirmedPrice)]
struct Confirmed {
    id: String,
    confirmed: bool,
}

/// For the `OpenAPI` document.
pub(crate) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((HeldList::name().into_owned(), HeldList::schema()));
    <HeldList as ToSchema>::schemas(all);
    all.push((Confirmed::name().into_owned(), Confirmed::schema()));
    <Confirmed as ToSchema>::schemas(all);
}

/// A page of the prices that wait, the longest waiting first.
pub(crate) async fn held_prices(State(app): State<AppState>, _: Admin, query: Query) -> Answer {
    let mut reader = QueryReader::new(&query);
    let (limit, after) = (reader.limit(Limits::up_to(MAX_HELD)), reader.cursor(read_cursor));
    reader.finish()?;
    // One more than asked for tells whether there is a next page.
    let mut waiting = held::open(&mut *app.store.read().await?, after.as_ref(), limit + 1).await?;
    let next_cursor = cut(&mut waiting, limit, |last| format!("{}.{}", last.held_at.0, last.held_id));
    let held = waiting.into_iter().map(|held| Waiting {
        id: held.held_id,
        product_id: held.product_id,
        lowest_paise: held.lowest,
        recorded_paise: held.recorded,
        sources: held.supporters.into_iter().map(|supporter| supporter.source).collect(),
        held_at: held.held_at,
    });
    json(&HeldList { held: held.collect(), next_cursor })
}

fn read_cursor(text: &str) -> Option<(UnixMillis, String)> {
    let (held_at, held_id) = text.split_once('.')?;
    let is_id = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f' | b'-');
    let is_one = !held_id.is_empty() && held_id.bytes().all(is_id);
    if is_one { Some((UnixMillis(number(held_at)?), held_id.to_owned())) } else { None }
}

/// Records a price that waits, if the sources still name it.
pub(crate) async fn confirm(State(app): State<AppState>, admin: Admin, Segment(id): Segment) -> Answer {
    if app.pricing.confirm(&app.store, &id, admin.name()).await? {
        return json(&Confirmed { id, confirmed: true });
    }
    let gone = "No price waits under this id: the sources name another one by now, or it was decided before.";
    Err(AppError::from(Problem::new(ErrorCode::HeldPriceNotFound, gone)))
}
