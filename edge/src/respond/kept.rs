//! A stored answer as a response: all of it, a part, or only that the client has it already.

use super::{EdgeHeaders, make, problem_answer, with_name};
use crate::{cache::Entry, exchange::Exchange, js, upstream};
use std::borrow::Cow;
use valora_shared::{
    cache::{Extent, Fields, is_of_the_body, takes_gzip},
    http::is_dropped_from_answer,
    problem::{ErrorCode, Problem},
};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// A stored answer for one request.
///
/// # Errors
/// What JavaScript threw.
pub(super) fn send(exchange: &Exchange, edge: &EdgeHeaders<'_>, entry: &Entry) -> Result<Response, JsValue> {
    let (inbound, stored) = (&exchange.inbound, entry.stored());
    let asked = inbound.preconditions();
    let length = stored.identity_bytes;
    let extent = asked.extent(&inbound.method, stored.status, Fields(&stored.fields), length);
    let gzip = entry.gzip().is_some()
        && !matches!(extent, Extent::Part(..))
        && (takes_gzip(inbound.accept_encoding.as_deref()) && inbound.range.is_none()
            || entry.identity().is_none());
    let body = if gzip { entry.gzip() } else { entry.identity() };
    let body = body.map_or(JsValue::NULL, |body| body.handle.clone());
    let body = if entry.is_problem() && !gzip && !edge.is_proxy { problem(&body, exchange) } else { body };
    let (status, body) = match extent {
        Extent::NotModified => (304, JsValue::NULL),
        Extent::Unsatisfiable => return unsatisfiable(exchange, edge, length),
        #[expect(clippy::cast_precision_loss, reason = "a body's length, at most 10 MiB")]
        Extent::Part(first, last) => (206, js::slice(&body, first as f64, last.saturating_add(1) as f64)?),
        Extent::Whole => (stored.status, body),
    };
    let fields = fields(entry, gzip, edge.is_proxy);
    let is_not_modified = extent == Extent::NotModified;
    let fields = fields.iter().filter(|(name, _)| !(is_not_modified && is_of_the_body(name)));
    let mut lines = edge.over(fields.map(|(name, value)| (*name, value.as_ref())));
    edge.push_own(&mut lines, exchange);
    edge.push_cache_status(&mut lines, Some(entry), exchange);
    if let Extent::Part(first, last) = extent {
        lines.push("content-range", &format!("bytes {first}-{last}/{length}"));
    }
    let is_head = inbound.method == "HEAD";
    if is_head && !upstream::has_no_body(status) && !entry.is_problem() {
        let bytes = if gzip { entry.gzip() } else { entry.identity() }.map_or(length, |body| body.bytes);
        lines.push("content-length", &bytes.to_string());
    }
    let body = if is_head || upstream::has_no_body(status) { JsValue::NULL } else { body };
    js::respond(&body, status, lines.names(), lines.values(), true)
}

/// A stored error for this request: its body shows the correlation id that the answer bears.
fn problem(body: &JsValue, exchange: &Exchange) -> JsValue {
    const MEMBER: &str = "\"correlation_id\":\"";
    let bytes = js_sys::Uint8Array::new(body).to_vec();
    let replaced = String::from_utf8(bytes).ok().and_then(|text| {
        // Not `split_once`: searching for a text is two kilobytes of Worker.
        let at = text.as_bytes().windows(MEMBER.len()).position(|bytes| bytes == MEMBER.as_bytes())?;
        let (before, rest) = (text.get(..at)?, text.get(at + MEMBER.len()..)?);
        // An id holds no quotes.
        let (_, after) = rest.split_once('"')?;
        Some([before, MEMBER, exchange.correlation_id.as_str(), "\"", after].concat())
    });
    replaced.map_or_else(|| body.clone(), |text| text.as_str().into())
}

/// The fields of an entry as they are sent.
pub(super) fn fields(entry: &Entry, gzip: bool, is_proxy: bool) -> Vec<(&str, Cow<'_, str>)> {
    let mut fields: Vec<(&str, Cow<'_, str>)> = Vec::new();
    let mut vary = None;
    for (name, value) in &entry.stored().fields {
        let value = match name.as_str() {
            "age" | "content-length" => continue,
            // Each one's body is its own.
            "etag" if !is_proxy && entry.is_problem() => continue,
            name if !is_proxy && is_dropped_from_answer(name) => continue,
            "vary" => {
                vary = Some(value.as_str());
                continue;
            }
            // Another coding is another representation; its bytes are not those that the tag was made of.
            "etag" if gzip && !value.starts_with("W/") => Cow::Owned(format!("W/{value}")),
            _ => Cow::Borrowed(value.as_str()),
        };
        fields.push((name, value));
    }
    if gzip {
        fields.push(("content-encoding", Cow::Borrowed("gzip")));
    }
    if !is_proxy && entry.has_codings() {
        fields.push(("vary", Cow::Owned(with_name(vary, "Accept-Encoding"))));
    } else if let Some(vary) = vary {
        fields.push(("vary", Cow::Borrowed(vary)));
    }
    fields
}

fn unsatisfiable(exchange: &Exchange, edge: &EdgeHeaders<'_>, length: u64) -> Result<Response, JsValue> {
    let detail = format!("The body has {length} bytes.");
    let mut made = problem_answer(exchange, &Problem::new(ErrorCode::RangeNotSatisfiable, detail));
    made.headers.push(("content-range", format!("bytes */{length}").into()));
    make(exchange, edge, &made)
}
