//! `GET /api/products/{id}/price`, `GET` and `POST /api/price`, `GET /api/prices`.

use super::Product;
use crate::{
    id::ProductId,
    money::{Margin, Paise, Rupees},
    prices::Confidence,
    time::UnixMillis,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Where a source's price came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RawQuote {
    /// The kind of source: `csv`.
    pub kind: String,
    /// When the price was seen.
    pub observed_at: UnixMillis,
}

/// One source's price in `GET /api/products/{id}/price`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourcePrice {
    /// The source's name.
    pub adapter: String,
    /// The product it speaks of.
    pub product_id: ProductId,
    /// Its price.
    pub paise: Paise,
    /// How far it is believed.
    pub confidence: Confidence,
    /// Where it came from.
    pub raw: RawQuote,
}

/// `GET /api/products/{id}/price`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceOfProduct {
    /// The shop's price in rupees.
    #[serde(rename = "DISPLAY_PRICE")]
    pub display_price: Rupees,
    /// The product.
    pub product_id: ProductId,
    /// The lowest trustworthy market price.
    pub lowest_paise: Paise,
    /// The margin between the two; `0.0` when only a last known price exists.
    pub margin_percent: Margin,
    /// Sources close to the lowest price.
    pub supporting_adapters: Vec<String>,
    /// Every source that was asked.
    pub all_sources: Vec<SourcePrice>,
}

/// One source's price in the answer of `/api/price`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FetchedPrice {
    /// The source's name.
    pub adapter: String,
    /// Its price.
    pub paise: Paise,
    /// The same in rupees.
    pub rupees: Rupees,
    /// How far it is believed.
    pub confidence: Confidence,
    /// Where it came from.
    pub raw: RawQuote,
}

/// `GET /api/price/{id}` and `POST /api/price`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceAnswer {
    /// The shop's price in rupees.
    #[serde(rename = "DISPLAY_PRICE")]
    pub display_price: Rupees,
    /// What each source says.
    #[serde(rename = "FETCHED_PRICE")]
    pub fetched: Vec<FetchedPrice>,
    /// All active products up to 60 of them; above that only the one asked for.
    #[serde(rename = "PRODUCTS_LIST")]
    pub products: Vec<Product>,
}

/// The body of `POST /api/price`. Fields are checked one by one, so that a fault names its field.
#[derive(Debug, Deserialize)]
pub struct PriceRequest {
    /// A product id.
    pub product_id: Option<Box<RawValue>>,
    /// A number, or a string holding one; absent or null means the product's own margin.
    pub margin_percent: Option<Box<RawValue>>,
}

/// One product in `GET /api/prices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuotedPrice {
    /// The product.
    pub product_id: ProductId,
    /// The shop's price in rupees.
    pub price: Rupees,
    /// `INR`.
    pub currency: &'static str,
    /// The source that supports the price; `last_known` when none does.
    pub source: String,
    /// How far that source is believed; null for a last known price.
    pub confidence: Option<Confidence>,
    /// When the price was computed or last known.
    pub last_updated: UnixMillis,
}

/// `GET /api/prices?ids=`; unknown ids are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Prices {
    /// `INR`.
    pub currency: &'static str,
    /// By product id.
    pub prices: BTreeMap<String, QuotedPrice>,
}
