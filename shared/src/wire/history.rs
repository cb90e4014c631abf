//! `GET /api/prices/{id}/history` and `POST /api/products/{id}/observations`.

use crate::{
    id::ProductId,
    money::{Margin, Paise},
    prices::Confidence,
    time::UnixMillis,
};
use serde::Serialize;

/// A source that supports a price, as it was believed then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceSupporter {
    /// The source's name.
    pub source: String,
    /// How far it was believed.
    pub confidence: Confidence,
}

/// A price as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoricPrice {
    /// 1, 2, 3, … within the product.
    pub seq: i64,
    /// The shop's price.
    pub display_paise: Paise,
    /// The same for people.
    pub display_price_readable: String,
    /// The lowest trustworthy market price.
    pub lowest_paise: Paise,
    /// The same for people.
    pub lowest_price_readable: String,
    /// The margin between the two.
    pub margin_percent: Margin,
    /// Who supported the lowest price; empty when the last known price stood in.
    pub supporters: Vec<PriceSupporter>,
    /// When it was computed.
    pub computed_at: UnixMillis,
}

/// A page of what a product cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceHistory {
    /// The product.
    pub product_id: ProductId,
    /// `INR`.
    pub currency: &'static str,
    /// The newest first.
    pub prices: Vec<HistoricPrice>,
    /// Hand this back as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What a source told, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredObservation {
    /// The product.
    pub product_id: ProductId,
    /// The source's name.
    pub source: String,
    /// What was told, and the source's shipping.
    pub paise: Paise,
    /// How far the source is believed.
    pub confidence: Confidence,
    /// When the price was seen.
    pub observed_at: UnixMillis,
}

/// The price that follows from an observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceNow {
    /// The shop's price.
    pub display_paise: Paise,
    /// The same for people.
    pub display_price_readable: String,
    /// The lowest trustworthy market price.
    pub lowest_paise: Paise,
    /// The margin between the two.
    pub margin_percent: Margin,
    /// Sources close to the lowest price.
    pub supporting_adapters: Vec<String>,
    /// Whether a lower price waits for a second source or an admin.
    pub is_held: bool,
}

/// `POST /api/products/{id}/observations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObservationTold {
    /// What was stored.
    pub observation: StoredObservation,
    /// What the product costs now; null where the source is not believed enough and nothing else is known.
    pub price: Option<PriceNow>,
}
