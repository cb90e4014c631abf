//! The rules that the edge and the origin both obey.
//!
//! **In scope**: values and their parsing ([`id`], [`json`], [`money`], [`time`]), the price rules ([`prices`]), the JSON
//! of the API ([`wire`]), errors ([`problem`]), header names and header rules ([`http`]), cache rules
//! ([`cache`]), settings ([`config`]), accounts and tokens ([`account`]), secrets and the border between the sides
//! ([`trust`]), what the origin tells the edge ([`events`]), what the edge asks its Hub ([`hub`]), who of many that
//! miss the same asks the origin ([`flight`]).
//!
//! **Out of scope**: I/O, clocks, randomness, any platform crate. Bytes, headers and the time go in, a decision
//! comes out, so that every rule is tested without a server and holds on wasm32 as it does natively.

#![forbid(unsafe_code)]
// Money and everything else here is counted in integers.
#![deny(clippy::float_arithmetic)]

pub mod account;
pub mod cache;
pub mod config;
pub mod events;
pub mod flight;
pub mod http;
pub mod hub;
pub mod id;
pub mod json;
pub mod money;
#[cfg(feature = "openapi")]
mod openapi;
pub mod prices;
pub mod problem;
pub mod rate;
mod sorted;
pub mod time;
pub mod trust;
pub mod wire;
