//! The platform's part of asking an object of class `Flight`.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Response};

#[wasm_bindgen(module = "/js/flight.js")]
extern "C" {
    /// The object's answer, a response.
    #[wasm_bindgen(js_name = callFlight, catch)]
    pub(super) fn call_flight(
        namespace: &JsValue,
        name: &str,
        url: &str,
        headers: &Headers,
        call: &str,
    ) -> Result<Promise, JsValue>;

    /// The answer to a call, where it comes in time.
    #[wasm_bindgen(js_name = awaitFlight, catch)]
    pub(super) fn await_flight(
        calling: &Promise,
        namespace: &JsValue,
        name: &str,
        correlation_id: &str,
        wait_ms: u32,
        object_ms: u32,
        rest_ms: u32,
    ) -> Result<Promise, JsValue>;

    /// The origin's answer out of the object's.
    #[wasm_bindgen(catch)]
    pub(super) fn opened(answer: &Response) -> Result<Response, JsValue>;
}
