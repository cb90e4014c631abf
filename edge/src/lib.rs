//! VALORA's edge: a Cloudflare Worker.
//!
//! The exports are shells. `hit` is tried first and synchronously, because a HIT that goes through an async
//! handler costs twice what it should, then `hitOfKv`; `fetch` answers the rest. All walk the steps of [`pipeline`].

mod answer;
mod audit;
mod background;
mod beat;
mod cache;
mod credentials;
mod exchange;
mod filling;
mod flight;
mod hub;
mod identity;
mod io;
mod isolate;
mod js;
mod last_resort;
mod limit;
mod log;
mod parked;
pub mod pipeline;
mod platform;
mod respond;
mod runner;
mod settings;
mod stats;
mod steps;
mod timing;
mod upstream;

use runner::Now;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};
use worker::event;

/// Once per instance: a panic's message goes to the console before the instance is given up.
#[event(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| worker::console_error!("{info}")));
}

/// Answers what needs no I/O. A string is a number, a blank, and the name of the one value in KV that is missing, for
/// `hitOfKv`; a number alone, or `undefined`, sends the request to `fetch`.
#[wasm_bindgen]
pub fn hit(request: &Request) -> JsValue {
    told(runner::answer_now(request))
}

/// Answers the request of this number with what KV holds, as `hit` does.
#[wasm_bindgen(js_name = hitOfKv)]
pub fn hit_of_kv(number: f64, value: &JsValue) -> JsValue {
    told(runner::answer_parked(whole(number), value))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of `parked` are below 2^53")]
fn told(now: Now) -> JsValue {
    match now {
        Now::Answered(response) => response.into(),
        Now::ReadKv(number, name) => format!("{number} {name}").into(),
        Now::Later(number) => JsValue::from_f64(number as f64),
        Now::Unready => JsValue::UNDEFINED,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of `parked`")]
fn whole(number: f64) -> u64 {
    number as u64
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

/// A call of a Flight, inside its object.
#[wasm_bindgen(js_name = flightAdmit)]
pub fn flight_admit(desk: &str, fields: &str) -> String {
    flight::object::admit(desk, fields)
}

/// On which terms an answer of the origin may be shared, if it may.
#[wasm_bindgen(js_name = flightTerms)]
pub fn flight_terms(env: &worker::Env, url: &str, status: u16, fields: &str, facts: &str) -> Option<String> {
    flight::object::terms(env, url, status, fields, facts)
}

/// What a Flight knows once a fetch has ended.
#[wasm_bindgen(js_name = flightLand)]
pub fn flight_land(desk: &str, number: u32, outcome: &str, names: &str, fields: &str) -> String {
    flight::object::land(desk, number, outcome, names, fields)
}

/// Whether one call's answer answers another.
#[wasm_bindgen(js_name = flightFits)]
pub fn flight_fits(names: &str, leader: &str, waiter: &str) -> bool {
    flight::object::fits(names, leader, waiter)
}

/// A call of a client's limiter, inside its object: the answer, the state to be stored, and when that may be forgotten.
#[wasm_bindgen]
pub fn limiter(state: &[u8], call: &[u8]) -> Option<js_sys::Array> {
    limit::object::answer(state, call)
}

/// When a limiter's state may be forgotten, in milliseconds since 1970; 0 where it may be now.
#[wasm_bindgen(js_name = limiterEnds)]
pub fn limiter_ends(state: &[u8]) -> f64 {
    limit::object::ends(state)
}

/// Answers everything else: the request that is parked under this number, or one that has only come.
///
/// # Errors
/// Only when JavaScript refuses even a plain error answer.
#[wasm_bindgen]
pub async fn fetch(
    request: Request,
    env: worker::Env,
    ctx: worker::worker_sys::Context,
    parked: Option<f64>,
) -> Result<Response, JsValue> {
    runner::answer(request, env, worker::Context::new(ctx), parked.map(whole)).await
}
