//! Settings: read from any [`Source`] (the origin's environment, the Worker's vars), checked all at once, every
//! fault reported by the variable's name.
//!
//! A section is a struct made by [`section!`](crate::section): each field names its variable, default and
//! meaning, and docs/CONFIGURATION.md and the example files are generated from the same text.

mod admin;
mod cache;
mod credentials;
mod edge;
mod hub;
pub mod production;
mod rate;
mod reader;
mod request;
mod section;
mod site;
mod trust;
mod values;

pub use admin::AdminConfig;
pub use cache::{EdgeCacheConfig, EdgeMode, LifetimesConfig};
pub use credentials::CredentialsConfig;
pub use edge::{EdgeConfig, UpstreamConfig};
pub use hub::{HubConfig, HubLocation};
pub use rate::{EdgeRateConfig, OnFailure, RateConfig, RateMode};
pub use reader::{Fault, Faults, Reader, Source};
pub use request::RequestConfig;
pub use section::{Section, Variable};
pub use site::SiteConfig;
pub use trust::TrustConfig;
pub(crate) use values::read_rows;
pub use values::{Bounded, Environment, HttpOrigin, LogLevel, Setting, Switch};
