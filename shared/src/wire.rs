//! The JSON of the API, field for field as the Python backend's storefront reads it (design: http.md).

mod health;
mod price;
mod product;

pub use health::{
    DetailedHealth, EdgeHealth, HealthStatus, Liveness, MetricsSummary, ServiceHealth, ServiceStatus,
    Services, System, Uptime,
};
pub use price::{
    FetchedPrice, PriceAnswer, PriceOfProduct, PriceRequest, Prices, QuotedPrice, RawQuote, SourcePrice,
};
pub use product::{Product, ProductsList, ServiceInfo};
