//! `GET /api/products`, `GET /api/products/{id}`.

pub(crate) mod manage;

use super::{
    extract::{ProductInPath, Query, cut, read_page},
    reply::{Answer, cacheable, to_bytes},
    representation::Representation,
    tags::Tags,
};
use crate::{
    app::AppState,
    error::AppError,
    store::{
        Store, StoreError,
        products::{self, PageOf},
    },
};
use axum::extract::State;
use valora_shared::{problem::Problem, wire::ProductsList};

/// The most products in one answer (design: http.md), and how many there are if nobody says.
const MAX_LIMIT: usize = 500;

/// A page of the active products, in insertion order.
pub(crate) async fn list(State(app): State<AppState>, query: Query) -> Answer {
    if query.lacks_all(&["category", "limit", "cursor"]) {
        let make = || async { first_page(&app.store).await };
        return Ok(app.first_page.get(&app.store, make).await?.answer());
    }
    let (of, limit) = read_query(&query)?;
    let tags = of.category.as_deref().map_or_else(Tags::list, Tags::list_of);
    cacheable(&page(&app.store, &of, limit).await?, &tags)
}

/// One product.
pub(crate) async fn one(State(app): State<AppState>, ProductInPath(id): ProductInPath) -> Answer {
    let found = products::find(&mut *app.store.read().await?, &id).await?;
    let product = found.filter(|product| product.is_active).ok_or_else(|| AppError::unknown_product(&id))?;
    cacheable(&product.to_wire(), &Tags::product(&id))
}

async fn first_page(store: &Store) -> Result<Representation, StoreError> {
    let page = page(store, &PageOf::default(), MAX_LIMIT).await?;
    let body = to_bytes(&page).map_err(|_| StoreError::Failed(sqlx::Error::WorkerCrashed))?;
    Ok(Representation::new(body, &Tags::list()))
}

async fn page(store: &Store, of: &PageOf, limit: usize) -> Result<ProductsList, StoreError> {
    // One more than asked for tells whether there is a next page.
    let mut found = products::page(&mut *store.read().await?, of, limit + 1).await?;
    let next_cursor = cut(&mut found, limit, |last| last.position.to_string());
    Ok(ProductsList { products: found.iter().map(products::StoredProduct::to_wire).collect(), next_cursor })
}

fn read_query(query: &Query) -> Result<(PageOf, usize), Problem> {
    let (limit, after) = read_page(query, MAX_LIMIT)?;
    let category = query.get("category").map(str::to_owned);
    Ok((PageOf { category, after }, limit))
}
