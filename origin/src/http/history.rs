//! `GET /api/prices/{id}/history`.

use super::{
    extract::{Limits, ProductInPath, Query, QueryReader, cut, number},
    reply::{Answer, cacheable},
    tags::Tags,
};
use crate::{
    app::AppState,
    error::AppError,
    store::{
        history::{self, Period},
        prices::RecordedPrice,
        products,
    },
};
use axum::extract::State;
use valora_shared::{
    problem::Problem,
    time::UnixMillis,
    wire::{HistoricPrice, PriceHistory, PriceSupporter},
};

/// Prices in one answer.
pub(crate) const LIMITS: Limits = Limits { default: 100, max: 500 };

/// Recorded prices, the newest first.
pub(crate) async fn list(
    State(app): State<AppState>,
    ProductInPath(product_id): ProductInPath,
    query: Query,
) -> Answer {
    let (period, limit) = read_query(&query)?;
    let mut db = app.store.read().await?;
    let product = products::find(&mut db, &product_id).await?;
    if !product.is_some_and(|product| product.is_active) {
        return Err(AppError::unknown_product(&product_id));
    }
    // One more than asked for tells whether there is a next page.
    let mut found = history::page(&mut db, &product_id, &period, limit + 1).await?;
    let next_cursor = cut(&mut found, limit, |price| price.seq.to_string());
    let prices = found.into_iter().map(to_wire).collect();
    let tags = Tags::product(&product_id);
    cacheable(&PriceHistory { product_id, currency: super::CURRENCY, prices, next_cursor }, &tags)
}

fn read_query(query: &Query) -> Result<(Period, usize), Problem> {
    const TIME: &str = "must be an RFC 3339 time, such as 2026-09-21T14:13:20Z";
    let mut reader = QueryReader::new(query);
    let limit = reader.limit(LIMITS);
    let period = Period {
        from: reader.read("from", UnixMillis::parse_rfc3339, TIME),
        to: reader.read("to", UnixMillis::parse_rfc3339, TIME),
        before: reader.cursor(number),
    };
    if let (Some(from), Some(to)) = (period.from, period.to)
        && from > to
    {
        reader.fault("from", "must not be after `to`");
    }
    reader.finish()?;
    Ok((period, limit))
}

fn to_wire(price: RecordedPrice) -> HistoricPrice {
    let supporters = price.supporters.into_iter();
    HistoricPrice {
        seq: price.seq,
        display_paise: price.display,
        display_price_readable: price.display.readable(),
        lowest_paise: price.lowest,
        lowest_price_readable: price.lowest.readable(),
        margin_percent: price.margin,
        supporters: supporters
            .map(|by| PriceSupporter { source: by.source, confidence: by.confidence })
            .collect(),
        computed_at: price.computed_at,
    }
}
