//! The request to the origin and its answer.

mod outgoing;
mod sign;

pub use outgoing::{Outgoing, for_itself, for_many, for_one, for_proxy};

use crate::{answer::Passed, js, platform, settings::Settings};
use js_sys::Reflect;
use std::time::Duration;
use valora_shared::{
    http::{is_dropped_from_answer, is_hop_by_hop, names},
    id::CorrelationId,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Statuses that have no body (Fetch standard, "null body status").
const NO_BODY: [u16; 4] = [101, 204, 205, 304];

/// How the origin failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Not in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
    /// A 5xx, of which a stored answer takes the place (RFC 5861 §4), or of which others hear who waited for the answer.
    ServerError,
}

/// How long the origin has for a whole answer.
pub fn time_limit(settings: &Settings) -> Duration {
    Duration::from_millis(settings.config.upstream.origin_timeout_ms.get())
}

/// Sends a request, for whose answer the origin has `limit`; `is_raw` leaves a packed body packed.
///
/// # Errors
/// [`Failure`]; the cause is in the log.
pub async fn send(
    settings: &Settings,
    correlation_id: &CorrelationId,
    outgoing: &Outgoing,
    limit: Duration,
    is_raw: bool,
) -> Result<Response, Failure> {
    let timeout_ms = limit.as_secs_f64() * 1_000.0;
    if outgoing.headers.has(names::DEADLINE_MS).unwrap_or(false) {
        // What is left may be less than it had when this was signed; the signature does not cover it.
        let _ = outgoing.headers.set(names::DEADLINE_MS, &limit.as_millis().to_string());
    }
    let url = format!("{}{}", settings.config.upstream.origin_url.as_str(), outgoing.target);
    let sent = async {
        let Outgoing { method, headers, body, .. } = outgoing;
        let promise = js::fetch_origin(&url, method, headers, body, timeout_ms, is_raw)?;
        JsFuture::from(promise).await?.dyn_into::<Response>()
    };
    sent.await.map_err(|error| failure(correlation_id, &error))
}

/// An answer that is passed on as it comes. `body` stands in for one that was read already.
///
/// # Errors
/// What JavaScript threw.
pub fn passed(response: &Response, body: Option<JsValue>, is_proxy: bool) -> Result<Passed, JsValue> {
    let listed = js::list_headers(&response.headers())?;
    let ends_here = |name: &str| if is_proxy { is_hop_by_hop(name) } else { is_dropped_from_answer(name) };
    let dropped: Vec<&str> =
        js::pairs(&listed).map(|(name, _)| name).filter(|name| ends_here(name)).collect();
    let headers = js::headers_without(&response.headers(), &dropped.join("\n"))?;
    let body = match body {
        _ if has_no_body(response.status()) => JsValue::NULL,
        Some(body) => body,
        None => response.body().map_or(JsValue::NULL, JsValue::from),
    };
    Ok(Passed { status: response.status(), headers, body })
}

/// Whether a response of this status can have none.
pub fn has_no_body(status: u16) -> bool {
    NO_BODY.contains(&status)
}

/// All fields of a response, names in lower case.
///
/// # Errors
/// What JavaScript threw.
pub fn fields(response: &Response) -> Result<Vec<(String, String)>, JsValue> {
    let listed = js::list_headers(&response.headers())?;
    Ok(js::pairs(&listed).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The cause goes to the log.
pub fn failure(correlation_id: &CorrelationId, error: &JsValue) -> Failure {
    let name = Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string());
    let timed_out = name.as_deref() == Some("TimeoutError");
    let mut line = platform::line("error", "the origin failed");
    line.text("correlation_id", correlation_id.as_str()).bool("timed_out", timed_out);
    platform::log_error(line.text("error", &format!("{error:?}")));
    if timed_out { Failure::Timeout } else { Failure::Unreachable }
}
