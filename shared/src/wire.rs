//! The JSON of the API, field for field as the Python backend's storefront reads it (design: http.md).

mod account;
mod health;
mod price;
mod product;

pub use account::{Account, AccountsList, AuthAnswer, LoginRequest, Me, RegisterRequest};
pub use health::{
    DetailedHealth, EdgeHealth, HealthStatus, Liveness, MetricsSummary, ServiceHealth, ServiceStatus,
    Services, System, Uptime,
};
pub use price::{
    FetchedPrice, PriceAnswer, PriceOfProduct, PriceRequest, Prices, QuotedPrice, RawQuote, SourcePrice,
};
pub use product::{Product, ProductsList, ServiceInfo};
