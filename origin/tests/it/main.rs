//! The origin's real router on a real database, without a network; the program itself where that is what counts.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

mod accounts;
mod admin;
mod border;
mod cache;
mod delivery;
mod docs;
mod errors;
mod events;
mod freshness;
mod guard;
mod headers;
mod import;
mod limit;
mod manage;
mod observations;
mod price;
mod prices;
mod products;
mod program;
mod receiver;
mod root;
mod scheduler;
mod secrecy;
mod shop;
mod sources;
mod support;
mod terms;
mod tokens;
