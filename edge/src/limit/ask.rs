//! A call of a client's limiter, an object of class `RateLimiter`.

use crate::{
    isolate,
    js::{self, binding},
    platform,
    timing::within,
};
use js_sys::Uint8Array;
use std::time::Duration;
use valora_shared::{
    hub::Counter,
    rate::{ASK_MS, Call, Reply},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// The binding in wrangler.toml.
pub const BINDING: &str = "RATE_LIMITER";

/// The limiter did not answer in time; the cause is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away;

/// One call of the limiter of this name. Never repeated: one that is overloaded is not helped by that.
///
/// # Errors
/// [`Away`]. Whether the limiter has done what was asked is then unknown, and what it has lent stays spent.
pub async fn call(env: &worker::Env, name: &str, call: &Call) -> Result<Reply, Away> {
    isolate::current().with_stats(|stats| stats.add(Counter::ObjectCalls, 1));
    let asked = async {
        let namespace = binding(env, BINDING).ok_or("there is no binding RATE_LIMITER")?;
        #[cfg(feature = "fault-injection")]
        super::faults::meet().await?;
        let bytes = postcard::to_allocvec(call).map_err(|error| error.to_string())?;
        // No hint of where: it is made near whoever asks first, which is where its client is.
        let promise = js::call_object(&namespace, name, "", &bytes).map_err(|error| format!("{error:?}"))?;
        let reply = JsFuture::from(promise).await.map_err(|error| format!("{error:?}"))?;
        let reply = reply.dyn_into::<Uint8Array>().map_err(|_| "no bytes")?;
        postcard::from_bytes(&reply.to_vec()).map_err(|error| error.to_string())
    };
    let limit = Duration::from_millis(ASK_MS.unsigned_abs());
    let outcome: Result<Reply, String> =
        within(limit, asked).await.unwrap_or_else(|| Err("no answer in time".to_owned()));
    outcome.map_err(|error| {
        isolate::current().with_stats(|stats| stats.add(Counter::LimiterFailures, 1));
        platform::warn_seldom("a limiter is away", &error);
        Away
    })
}
