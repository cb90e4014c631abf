//! The platform, as far as the Worker uses it: own bindings that work on handles and on text read as bytes, and
//! that return a `Result` wherever JavaScript may throw. (`worker`'s own conversions unwrap on strange headers.)

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Request, Response};

#[wasm_bindgen(module = "/js/hot.js")]
extern "C" {
    /// Method, URL and the headers that steps decide by, one per line.
    pub fn read(request: &Request) -> String;

    /// A URL as `fetch` will write it, without a fragment.
    pub fn canonical(url: &str) -> String;

    /// Answers with headers kept in `init`; `epoch` is negative where no epochs are obeyed.
    #[wasm_bindgen(js_name = sendKept, catch)]
    pub fn send_kept(
        body: &JsValue,
        init: &JsValue,
        correlation_id: &str,
        age_seconds: u32,
        ttl_seconds: f64,
        epoch: f64,
        origin: Option<&str>,
        remaining: Option<&str>,
    ) -> Result<Response, JsValue>;

    /// What [`send_kept`] keeps for an entry.
    #[wasm_bindgen(js_name = keptInit, catch)]
    pub fn kept_init(status: u16, names: &str, values: &str) -> Result<JsValue, JsValue>;

    /// A copy of `base` with fields set, one name and one value per line.
    #[wasm_bindgen(js_name = headersWith, catch)]
    pub fn headers_with(base: &Headers, names: &str, values: &str) -> Result<Headers, JsValue>;

    /// Any response with these fields, one name and one value per line; fails on what the platform does not allow.
    #[wasm_bindgen(catch)]
    pub fn respond(
        body: &JsValue,
        status: u16,
        names: &str,
        values: &str,
        is_encoded: bool,
    ) -> Result<Response, JsValue>;

    /// Headers less `names`.
    #[wasm_bindgen(js_name = headersWithout, catch)]
    pub fn headers_without(base: &Headers, names: &str) -> Result<Headers, JsValue>;

    /// Name, value, name, value ….
    #[wasm_bindgen(js_name = listHeaders, catch)]
    pub fn list_headers(headers: &Headers) -> Result<String, JsValue>;

    /// Any response; fails on a status or body the platform does not allow.
    #[wasm_bindgen(js_name = makeResponse, catch)]
    pub fn make_response(
        body: &JsValue,
        status: u16,
        headers: &Headers,
        is_encoded: bool,
    ) -> Result<Response, JsValue>;

    /// The whole body as a `Uint8Array`, or null when it is longer than `max` bytes.
    #[wasm_bindgen(js_name = readBody, catch)]
    pub fn read_body(request: &Request, max: f64) -> Result<Promise, JsValue>;

    /// Asks the origin.
    #[wasm_bindgen(js_name = fetchOrigin, catch)]
    pub fn fetch_origin(
        url: &str,
        method: &str,
        headers: &Headers,
        body: &JsValue,
        timeout_ms: f64,
        is_raw: bool,
    ) -> Result<Promise, JsValue>;

    /// An `ArrayBuffer` with all of a response's body, or a stream where that is longer than `max` bytes.
    #[wasm_bindgen(js_name = readUpTo, catch)]
    pub fn read_up_to(response: &Response, max: f64) -> Result<Promise, JsValue>;

    /// A body packed.
    #[wasm_bindgen(catch)]
    pub fn gzip(body: &JsValue) -> Result<Promise, JsValue>;

    /// A body unpacked.
    #[wasm_bindgen(catch)]
    pub fn gunzip(body: &JsValue) -> Result<Promise, JsValue>;

    /// A part of a body.
    #[wasm_bindgen(catch)]
    pub fn slice(body: &JsValue, from: f64, to: f64) -> Result<JsValue, JsValue>;

    /// Prefix and body as one value.
    #[wasm_bindgen(catch)]
    pub fn join(prefix: &[u8], body: &JsValue) -> Result<Uint8Array, JsValue>;
}

#[wasm_bindgen(module = "/js/kv.js")]
extern "C" {
    /// Reads an `ArrayBuffer`; null where there is none, undefined where KV fails or does not answer in time.
    #[wasm_bindgen(js_name = get, catch)]
    pub fn kv_get(namespace: &JsValue, key: &str) -> Result<Promise, JsValue>;

    /// Writes a value.
    #[wasm_bindgen(js_name = put, catch)]
    pub fn kv_put(
        namespace: &JsValue,
        key: &str,
        value: &Uint8Array,
        ttl_seconds: u32,
    ) -> Result<Promise, JsValue>;

    /// Forgets a value.
    #[wasm_bindgen(js_name = remove, catch)]
    pub fn kv_delete(namespace: &JsValue, key: &str) -> Result<Promise, JsValue>;
}

#[cfg(feature = "fault-injection")]
#[wasm_bindgen(module = "/js/kv_faults.js")]
extern "C" {
    /// Makes this isolate's KV fail, or well again; whether there is a fault of this name.
    #[wasm_bindgen(js_name = spoil)]
    pub fn spoil_kv(name: &str) -> bool;
}

#[wasm_bindgen(module = "/js/object.js")]
extern "C" {
    /// The answer of the object of a name, as a `Uint8Array`. A new one is made near `location`, where that is not empty.
    #[wasm_bindgen(js_name = callObject, catch)]
    pub fn call_object(
        namespace: &JsValue,
        name: &str,
        location: &str,
        call: &[u8],
    ) -> Result<Promise, JsValue>;
}

#[wasm_bindgen(module = "/js/settings.js")]
extern "C" {
    /// A variable or secret as text.
    pub fn setting(env: &worker::Env, name: &str) -> Option<String>;
}

#[wasm_bindgen(module = "/js/hub.js")]
extern "C" {
    /// The rows of a statement as a JSON array of arrays.
    #[wasm_bindgen(catch)]
    pub fn query(sql: &JsValue, statement: &str, bindings: &str) -> Result<String, JsValue>;
}

/// Name and value pairs out of [`list_headers`].
pub fn pairs(listed: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut lines = listed.split('\n');
    std::iter::from_fn(move || Some((lines.next().filter(|name| !name.is_empty())?, lines.next()?)))
}

/// A binding of the Worker by name; `None` where wrangler.toml has none.
pub fn binding(env: &worker::Env, name: &str) -> Option<JsValue> {
    let value = js_sys::Reflect::get(env, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

#[cfg(test)]
mod tests {
    #[test]
    fn listed_headers_are_read_in_pairs() {
        let read: Vec<_> = super::pairs("a\n1\nb\n\nc\n3").collect();
        assert_eq!(read, [("a", "1"), ("b", ""), ("c", "3")]);
        assert_eq!(super::pairs("").count(), 0);
        assert_eq!(super::pairs("alone").count(), 0);
    }
}
