//! VALORA's edge: a Cloudflare Worker.
//!
//! The exports are shells. `hit` is tried first and synchronously, because a HIT that goes through an async
//! handler costs twice what it should; `fetch` answers the rest. Both walk the steps of [`pipeline`].

mod answer;
mod audit;
mod beat;
mod cache;
mod credentials;
mod exchange;
mod filling;
mod hub;
mod identity;
mod io;
mod isolate;
mod js;
mod last_resort;
mod log;
pub mod pipeline;
mod platform;
mod respond;
mod runner;
mod settings;
mod steps;
mod timing;
mod upstream;

use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};
use worker::event;

/// Once per instance: a panic's message goes to the console before the instance is given up.
#[event(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| worker::console_error!("{info}")));
}

/// Answers what needs no I/O; nothing (`undefined`) sends the request to `fetch`.
#[wasm_bindgen]
pub fn hit(request: &Request) -> Option<Response> {
    runner::answer_now(request)
}

/// The answer for requests whose instance died, as JSON for the entry.
#[wasm_bindgen(js_name = lastResort)]
pub fn last_resort() -> String {
    last_resort::template()
}

/// The Hub's tables, as SQL.
#[wasm_bindgen(js_name = hubTables)]
pub fn hub_tables() -> String {
    hub::tables()
}

/// One call of the Hub, inside its object and its transaction.
///
/// # Errors
/// An `Error` named `HubError`, upon which the transaction must be undone.
#[wasm_bindgen(js_name = hub)]
pub fn hub_call(sql: &JsValue, call: &[u8]) -> Result<Vec<u8>, JsValue> {
    hub::answer(sql, call)
}

/// Answers everything else.
///
/// # Errors
/// Only when JavaScript refuses even a plain error answer.
#[event(fetch)]
async fn fetch_event(request: Request, env: worker::Env, ctx: worker::Context) -> worker::Result<Response> {
    Ok(runner::answer(request, env, ctx).await?)
}
