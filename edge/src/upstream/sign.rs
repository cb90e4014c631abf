//! Puts the edge's name under a request to the origin.

use crate::{exchange::Exchange, platform, settings::Settings};
use valora_shared::{
    http::names,
    trust::{Message, Nonce, Profile, needs_nonce, sign},
};
use wasm_bindgen::JsValue;
use web_sys::Headers;

/// What is signed of a request.
pub(super) struct Outbound<'a> {
    /// The method.
    pub(super) method: &'a str,
    /// Path and query as sent.
    pub(super) target: &'a str,
    /// The body.
    pub(super) body: Option<&'a [u8]>,
}

/// Adds client, deadline and signature to `headers`. Without a shared secret nothing is added, and the origin treats
/// the request as direct; likewise while it is not known who the client is.
pub(super) fn add(
    settings: &Settings,
    exchange: &Exchange,
    outbound: &Outbound<'_>,
    headers: &Headers,
) -> Result<(), JsValue> {
    let (Some(keys), Some(client)) = (&settings.keys, &exchange.client) else { return Ok(()) };
    let (path, query) = outbound.target.split_once('?').unwrap_or((outbound.target, ""));
    let message = Message {
        method: outbound.method,
        path,
        query,
        client: Some(client),
        correlation_id: &exchange.correlation_id,
        body: outbound.body,
    };
    let nonce = needs_nonce(outbound.method).then(|| Nonce::parse(&platform::random_uuid()).ok()).flatten();
    let signed = sign(Profile::EdgeToOrigin, &message, keys, platform::now().0 / 1000, nonce.as_ref());
    let timeout = settings.config.upstream.origin_timeout_ms.get();
    headers.set(names::CLIENT, &client.to_string())?;
    headers.set(names::DEADLINE_MS, &timeout.to_string())?;
    if let Some(digest) = &signed.content_digest {
        headers.set(names::CONTENT_DIGEST, digest)?;
    }
    headers.set(names::SIGNATURE_INPUT, &signed.signature_input)?;
    headers.set(names::SIGNATURE, &signed.signature)
}
