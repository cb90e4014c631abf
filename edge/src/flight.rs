//! Single-flight beyond the isolate: of all isolates that miss a key one asks the origin, in the key's own object
//! (ADR 0009). Here it is asked ([`ask`]); inside the object decides [`object`].

#[cfg(feature = "fault-injection")]
pub mod faults;
mod js;
pub mod object;

use crate::{isolate, js::binding, platform, settings::Settings, upstream::Failure};
use valora_shared::{
    cache::CacheKey,
    flight::{Call, object_name},
    http::names,
    hub::Counter,
    time::UnixMillis,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Response};

/// The binding in wrangler.toml.
pub const BINDING: &str = "FLIGHT";
/// What came of a call, on the object's answer.
const FACTS: &str = "x-valora-flight";
/// Who waits for another one's fetch is told within [`Call::wait_ms`]; beyond, the object itself may need so long, twice,
/// or an eighth of the origin's time if that is less: some of it must be left for asking the origin directly.
const OBJECT_MS: u32 = 500;

/// What became of a call.
pub enum Outcome {
    /// An answer of the origin.
    Landed(Landed),
    /// Ask the origin yourself: one was told so, or the object is overloaded, away or slow.
    Direct,
    /// The origin has failed, for whomever it was asked; its own words are for the one who asked.
    Failed(Failure),
}

/// An answer of the origin that came through the object.
pub struct Landed {
    /// Status, fields and body as the origin sent them.
    pub response: Response,
    /// Whose fetch it was.
    pub how: How,
    /// When the origin was asked.
    pub sent_at: UnixMillis,
    /// When its answer came.
    pub received_at: UnixMillis,
    /// The purge epoch that was known to whoever had it fetched.
    pub epoch: u64,
}

/// Whose fetch brought an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// This call's.
    Led,
    /// That of a call that was under way.
    Waited,
    /// One that had ended up to five seconds before.
    Kept,
}

/// Asks the object of `key` for what `target` answers to a GET with these `headers`, which are sent as they are, signed.
/// `epoch` is the newest purge epoch known here; nothing of an older one is answered.
///
/// **Only requests without Authorization and Cookie may come here**, and only the shop's, not those of
/// `EDGE_MODE=proxy`: an answer that may be kept is given to everybody who asks the same, judged by the shop's rules.
/// A refusal for overload is never repeated: the caller goes directly. It waits no longer than `ORIGIN_TIMEOUT_MS` and a
/// second.
pub async fn ask(
    settings: &Settings,
    env: &worker::Env,
    key: &CacheKey,
    target: &str,
    headers: &Headers,
    epoch: u64,
) -> Outcome {
    let upstream = &settings.config.upstream;
    let timeout_ms = upstream.origin_timeout_ms.get();
    let url = format!("{}{target}", upstream.origin_url.as_str());
    let call = Call { epoch, timeout_ms: u32::try_from(timeout_ms).unwrap_or(u32::MAX) };
    let name = object_name(key);
    isolate::current().with_stats(|stats| stats.add(Counter::ObjectCalls, 1));
    let answered = match binding(env, BINDING) {
        Some(namespace) => call_object(&namespace, &name, &url, headers, call).await,
        None => Err("there is no binding FLIGHT".into()),
    };
    answered.and_then(|answer| read(&answer, headers)).unwrap_or_else(|cause| {
        platform::warn_seldom("single-flight is bypassed", &format!("{cause:?}"));
        Outcome::Direct
    })
}

async fn call_object(
    namespace: &JsValue,
    name: &str,
    url: &str,
    headers: &Headers,
    call: Call,
) -> Result<Response, JsValue> {
    let text = call.to_text();
    #[cfg(feature = "fault-injection")]
    let text = faults::spoilt(text);
    let calling = js::call_flight(namespace, name, url, headers, &text)?;
    #[cfg(feature = "fault-injection")]
    let calling = faults::instead_of(calling);
    let id = headers.get(names::CORRELATION_ID)?.unwrap_or_default();
    let (wait_ms, object_ms) = (call.wait_ms(), OBJECT_MS.min(call.timeout_ms / 8));
    let answer = js::await_flight(&calling, namespace, name, &id, wait_ms, object_ms, call.timeout_ms)?;
    JsFuture::from(answer).await?.dyn_into()
}

fn read(answer: &Response, headers: &Headers) -> Result<Outcome, JsValue> {
    let facts = answer.headers().get(FACTS).ok().flatten().unwrap_or_default();
    let mut words = facts.split(' ');
    let how = match words.next().unwrap_or_default() {
        "led" => How::Led,
        "waited" => How::Waited,
        "kept" => How::Kept,
        "direct" => return Ok(Outcome::Direct),
        "timeout" => return Ok(failed(Failure::Timeout, headers)),
        "unreachable" => return Ok(failed(Failure::Unreachable, headers)),
        "error" => return Ok(failed(Failure::ServerError, headers)),
        _ => return Err("the object has failed".into()),
    };
    let mut time = || words.next().and_then(|word| word.parse().ok()).map(UnixMillis);
    let (sent_at, received_at) = (time(), time());
    let epoch = words.next().and_then(|word| word.parse().ok());
    match (sent_at, received_at, epoch) {
        (Some(sent_at), Some(received_at), Some(epoch)) => {
            let response = js::opened(answer)?;
            Ok(Outcome::Landed(Landed { response, how, sent_at, received_at, epoch }))
        }
        _ => Err("the object's facts cannot be read".into()),
    }
}

/// The cause is in the log of the isolate that the object is in.
fn failed(failure: Failure, headers: &Headers) -> Outcome {
    let id = headers.get(names::CORRELATION_ID).ok().flatten();
    let mut line = platform::line("error", "the origin failed in a flight");
    line.maybe_text("correlation_id", id.as_deref());
    platform::log_error(line.bool("timed_out", failure == Failure::Timeout));
    Outcome::Failed(failure)
}
