//! `GET /api/categories`, and what admins see and change of products.

use super::Product;
use crate::money::{Margin, Paise};
use serde::Serialize;

/// A category and how much is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Category {
    /// What `GET /api/products?category=` takes.
    pub name: String,
    /// Products that are offered; at least 1.
    pub count: i64,
}

/// `GET /api/categories`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Categories {
    /// By name. Products without a category are in none.
    pub categories: Vec<Category>,
}

/// A product with its own price rules, as `POST /api/products` and `PATCH /api/products/{id}` answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManagedProduct {
    /// What everybody sees.
    #[serde(flatten)]
    pub product: Product,
    /// Its own margin; null takes `DEFAULT_MARGIN_PERCENT`.
    pub margin_percent: Option<Margin>,
    /// The display price is never below this.
    pub floor_paise: Option<Paise>,
    /// The display price is exactly this.
    pub pinned_paise: Option<Paise>,
}
