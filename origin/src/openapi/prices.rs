//! Prices.

use super::{bodies, operation::Operation};
use crate::http::history::LIMITS;
use serde_json::json;

pub(super) fn operations() -> Vec<((&'static str, &'static str), Operation)> {
    let time = json!({"type": "string", "format": "date-time"});
    vec![
        (
            ("GET", "/api/products/{id}/price"),
            Operation::new("getPriceOfProduct", "The newest recorded price with its sources")
                .product()
                .answers(200, "PriceOfProduct").kept_by_caches(),
        ),
        (
            ("GET", "/api/price/{id}"),
            Operation::new("getPrice", "The newest recorded price; computed now where there is none")
                .product()
                .answers(200, "PriceAnswer").kept_by_caches(),
        ),
        (
            ("POST", "/api/price"),
            Operation::new(
                "computePrice",
                "The price now. Recorded with the product's own margin, or by an admin (who sends a credential)",
            )
            .body(bodies::price_request())
            .answers(200, "PriceAnswer")
            .problem(404, "There is no such product, or no price of it."),
        ),
        (
            ("GET", "/api/prices"),
            Operation::new("listPrices", "Prices of up to 100 products; unknown ones are left out")
                .required_query(
                    "ids",
                    "Product ids, separated by commas.",
                    json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,50}(,[A-Za-z0-9._-]{1,50}){0,99}$", "examples": ["1,2"]}),
                )
                .answers(200, "Prices").kept_by_caches(),
        ),
        (
            ("GET", "/api/prices/{id}/history"),
            Operation::new("listPriceHistory", "Recorded prices, the newest first")
                .product()
                .query("from", "Computed then or later.", time.clone())
                .query("to", "Computed then or earlier.", time)
                .page(LIMITS.default, LIMITS.max)
                .answers(200, "PriceHistory").kept_by_caches(),
        ),
    ]
}
