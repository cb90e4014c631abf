//! The origin of VALORA: the catalogue, the prices computed from what marketplaces say, and the API over both.
//!
//! The rules themselves (ids, money, aggregation, errors, headers) are `valora_shared`'s; here are their I/O:
//! [`store`] keeps, [`sources`] are asked by [`asking`] for requests and for the [`scheduler`], [`pricing`] computes
//! and records, [`import`] brings a price list in, [`events`] tells the edge, `http` answers, `pipeline` wraps every answer. [`cli`] starts it all.

#![forbid(unsafe_code)]
// Money and everything else here is counted in integers.
#![deny(clippy::float_arithmetic)]

pub mod accounts;
pub mod app;
pub mod asking;
mod cache;
pub mod cli;
pub mod clock;
pub mod config;
mod error;
pub mod events;
mod http;
pub mod import;
pub mod limit;
pub mod openapi;
mod pipeline;
pub mod pricing;
mod redis;
pub mod router;
pub mod scheduler;
pub mod serve;
mod snapshot;
pub mod sources;
pub mod store;
mod telemetry;
