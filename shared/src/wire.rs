//! The JSON of the API, field for field as the Python backend's storefront reads it (design: http.md).

mod account;
mod catalogue;
mod health;
mod history;
mod limits;
mod price;
mod product;

pub use account::{Account, AccountsList, AuthAnswer, LoginRequest, Me, RegisterRequest};
pub use catalogue::{Categories, Category, ManagedProduct};
pub use health::{
    DetailedHealth, EdgeHealth, HealthStatus, Liveness, MetricsSummary, ServiceHealth, ServiceStatus,
    Services, System, Uptime,
};
pub use history::{
    HistoricPrice, ObservationTold, PriceHistory, PriceNow, PriceSupporter, StoredObservation,
};
pub use limits::{ClientLimits, ClientWindow, ClientWindows, LimitsReset};
pub use price::{
    FetchedPrice, PriceAnswer, PriceOfProduct, PriceRequest, Prices, QuotedPrice, RawQuote, SourcePrice,
};
pub use product::{Product, ProductsList, ServiceInfo};
