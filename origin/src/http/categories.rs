//! `GET /api/categories`.

use super::{
    reply::{Answer, cacheable},
    tags::Tags,
};
use crate::{app::AppState, store::products};
use axum::extract::State;
use valora_shared::wire::Categories;

/// The categories of what is offered, by name.
pub(crate) async fn list(State(app): State<AppState>) -> Answer {
    let categories = products::categories(&mut *app.store.read().await?).await?;
    cacheable(&Categories { categories }, &Tags::list())
}
