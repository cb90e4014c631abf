//! `GET /`, `GET /api/products`, `GET /api/products/{id}`.

use crate::{id::ProductId, money::Paise};
use serde::Serialize;

/// What `GET /` says about the service.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceInfo<'a> {
    /// `VALORA`.
    pub service: &'a str,
    /// The version of this build.
    pub version: &'a str,
    /// `running`.
    pub status: &'a str,
    /// `development` or `production`.
    pub environment: &'a str,
    /// Where the API is described; null where that is switched off.
    pub docs: Option<&'a str>,
}

/// One product of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// The id used in every route.
    pub product_id: ProductId,
    /// Display name.
    pub name: String,
    /// Brand; empty when the catalogue knows none.
    pub brand: String,
    /// Model, if the catalogue knows one.
    pub model: Option<String>,
    /// Category; empty when the catalogue knows none.
    pub category: String,
    /// Newest known market price; 0 when there is none.
    pub last_known_paise: Paise,
    /// The same for people: `₹19999.00`.
    pub last_known_price_readable: String,
    /// The shop's own price, once one has been computed.
    pub display_paise: Option<Paise>,
    /// The same for people.
    pub display_price_readable: Option<String>,
    /// Whether the product is offered.
    pub is_active: bool,
}

/// A page of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductsList {
    /// In insertion order.
    #[serde(rename = "PRODUCTS_LIST")]
    pub products: Vec<Product>,
    /// Hand this back as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
