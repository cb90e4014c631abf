//! Handlers: thin, one file per resource. `reply` makes answers, `extract` reads requests.

pub(crate) mod admin;
pub(crate) mod auth;
pub(crate) mod categories;
pub(crate) mod docs;
pub(crate) mod errors;
pub(crate) mod extract;
pub(crate) mod finish;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod observations;
mod page;
pub(crate) mod price;
pub(crate) mod prices;
pub(crate) mod products;
mod reply;
pub(crate) mod representation;
pub(crate) mod root;
pub(crate) mod tags;

pub(crate) use extract::Admin;

/// Of every price.
const CURRENCY: &str = "INR";
