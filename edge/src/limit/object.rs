//! Inside the object of one client: each call is one decision over bytes that the shell (js/limiter.mjs) keeps.

use crate::platform;
use js_sys::{Array, Uint8Array};
use valora_shared::rate::{Call, State};
use wasm_bindgen::JsValue;

/// Answers a call: the answer, the state to be stored before it leaves, and when that may be forgotten, in milliseconds
/// since 1970. Nothing for a call that cannot be read.
pub fn answer(state: &[u8], call: &[u8]) -> Option<Array> {
    let call: Call = postcard::from_bytes(call).ok()?;
    let mut known = read(state);
    let reply = known.answer(&call, platform::now());
    let reply = postcard::to_allocvec(&reply).ok()?;
    // What only looks changes nothing, and is not written.
    let state = match call {
        Call::Look(_) => JsValue::UNDEFINED,
        _ => Uint8Array::from(known.to_bytes().as_slice()).into(),
    };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970, far below 2^53")]
    let ends = known.forgotten_at().map_or(0.0, |at| at.0 as f64);
    Some(Array::of3(&Uint8Array::from(reply.as_slice()), &state, &JsValue::from_f64(ends)))
}

/// When a state may be forgotten, in milliseconds since 1970; 0 where it may be now.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970, far below 2^53")]
pub fn ends(state: &[u8]) -> f64 {
    let known = read(state);
    if known.is_idle(platform::now()) { 0.0 } else { known.forgotten_at().map_or(0.0, |at| at.0 as f64) }
}

/// Another form's bytes say nothing: that client begins anew.
fn read(state: &[u8]) -> State {
    if state.is_empty() {
        return State::default();
    }
    State::from_bytes(state).unwrap_or_else(|| {
        platform::log_error(&platform::line("error", "a limiter's state cannot be read"));
        State::default()
    })
}
