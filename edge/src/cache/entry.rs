//! One cached response.

use crate::{js, respond::EdgeHeaders};
use js_sys::{Object, Reflect};
use std::cell::OnceCell;
use valora_shared::{cache::Envelope, time::UnixMillis};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// A response kept for many requests. The body is a handle (an `ArrayBuffer` or `Uint8Array`): it never enters
/// wasm memory.
pub struct Entry {
    envelope: Envelope,
    body: JsValue,
    body_bytes: u64,
    /// `{status, headers}` with every header that is the same for all requests; making it costs more than a HIT
    /// may (edge-costs), so it is made once. One for plain requests, one for those a CORS header is added to.
    plain: OnceCell<JsValue>,
    cors: OnceCell<JsValue>,
}

impl Entry {
    /// An entry around a body handle.
    pub fn new(envelope: Envelope, body: JsValue, body_bytes: u64) -> Self {
        Self { envelope, body, body_bytes, plain: OnceCell::new(), cors: OnceCell::new() }
    }

    /// Status, headers and times.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The body handle.
    pub fn body(&self) -> &JsValue {
        &self.body
    }

    /// Length of the body.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// The response for one request. `origin` is the allowed CORS origin, if any.
    ///
    /// # Errors
    /// What JavaScript threw.
    pub fn send(
        &self,
        edge: &EdgeHeaders<'_>,
        correlation_id: &str,
        now: UnixMillis,
        origin: Option<&str>,
    ) -> Result<Response, JsValue> {
        let kept = if origin.is_some() { &self.cors } else { &self.plain };
        let init = if let Some(init) = kept.get() {
            init
        } else {
            let init = self.init(edge)?;
            kept.get_or_init(|| init)
        };
        js::send_kept(&self.body, init, correlation_id, self.envelope.age_seconds(now), origin)
    }

    fn init(&self, edge: &EdgeHeaders<'_>) -> Result<JsValue, JsValue> {
        let stored = self.envelope.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers = js::headers_with(None, &edge.over(stored))?;
        let init = Object::new();
        Reflect::set(&init, &"status".into(), &self.envelope.status.into())?;
        Reflect::set(&init, &"headers".into(), &headers)?;
        Ok(init.into())
    }
}
