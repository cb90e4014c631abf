//! `GET /api/prices?ids=a,b`.

use super::{
    CURRENCY,
    extract::Query,
    reply::{Answer, cacheable},
    tags::Tags,
};
use crate::{
    app::AppState,
    store::products::{self, StoredProduct},
};
use axum::extract::State;
use valora_shared::{
    id::ProductId,
    money::Rupees,
    problem::{Place, Problem},
    wire::{Prices, QuotedPrice},
};

/// The most ids in one request (design: http.md).
const MAX_IDS: usize = 100;

/// Prices of several products; those that are unknown, not offered or without any price are left out.
pub(crate) async fn list(State(app): State<AppState>, query: Query) -> Answer {
    let ids = read_ids(query.get("ids"))?;
    let found = products::find_all(&mut *app.store.read().await?, &ids).await?;
    let quoted = found.iter().filter(|product| product.is_active).filter_map(quote);
    let prices = quoted.map(|price| (price.product_id.to_string(), price)).collect();
    // Of those left out, too: they may get a price.
    cacheable(&Prices { currency: CURRENCY, prices }, &Tags::products_of(&ids))
}

fn quote(product: &StoredProduct) -> Option<QuotedPrice> {
    let (paise, at) = match (&product.price, product.last_known) {
        (Some(price), _) => (price.display, price.computed_at),
        (None, Some(last_known)) => last_known,
        (None, None) => return None,
    };
    let supporter = product.price.as_ref().and_then(|price| price.supporters.first());
    Some(QuotedPrice {
        product_id: product.product_id.clone(),
        price: Rupees(paise),
        currency: CURRENCY,
        source: supporter.map_or_else(|| "last_known".to_owned(), |supporter| supporter.source.clone()),
        confidence: supporter.map(|supporter| supporter.confidence),
        last_updated: at,
    })
}

fn read_ids(text: Option<&str>) -> Result<Vec<ProductId>, Problem> {
    let invalid = |message: String| Problem::invalid(Place::Query, "ids", message);
    let text = text.filter(|text| !text.is_empty()).ok_or_else(|| invalid("is required".to_owned()))?;
    // One more than the limit is enough to refuse it.
    let parts: Vec<&str> = text.split(',').take(MAX_IDS + 1).collect();
    if parts.len() > MAX_IDS {
        return Err(invalid(format!("must be at most {MAX_IDS} ids")));
    }
    let parse = |(number, part): (usize, &&str)| {
        ProductId::parse(part.trim()).map_err(|error| invalid(format!("id {}: {error}", number + 1)))
    };
    parts.iter().enumerate().map(parse).collect()
}
