//! The Hub: how it is asked ([`ask`]), and, inside the object, what it does ([`answer`]).

#[cfg(feature = "fault-injection")]
pub mod faults;
mod object;
mod rooms;
mod sql;

pub use object::{answer, tables};

use crate::{
    isolate,
    js::{self, binding},
    platform,
    settings::Settings,
    timing::within,
};
use js_sys::Uint8Array;
use std::time::Duration;
use valora_shared::hub::{Call, Counter, Reply};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// The Hub's binding in wrangler.toml.
pub const BINDING: &str = "HUB";
/// Its name, with a generation: another name is another Hub, elsewhere, without what this one knows.
pub const NAME: &str = "hub-1";
/// How long it may take. An object answers in a few milliseconds beside its isolate and some 300 across the world.
const LIMIT: Duration = Duration::from_secs(1);

/// The Hub did not answer in time; the cause is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away;

/// One call.
///
/// # Errors
/// [`Away`]. Whether the Hub has done what was asked is then unknown.
pub async fn ask(settings: &Settings, env: &worker::Env, call: &Call) -> Result<Reply, Away> {
    let location = settings.config.hub.hub_location.as_str();
    isolate::current().with_stats(|stats| stats.add(Counter::ObjectCalls, 1));
    let asked = async {
        let namespace = binding(env, BINDING).ok_or("there is no binding HUB")?;
        #[cfg(not(feature = "fault-injection"))]
        let bytes = postcard::to_allocvec(call).map_err(|error| error.to_string())?;
        #[cfg(feature = "fault-injection")]
        let bytes = faults::instead_of(call).await;
        let promise =
            js::call_object(&namespace, NAME, location, &bytes).map_err(|error| format!("{error:?}"))?;
        let reply = JsFuture::from(promise).await.map_err(|error| format!("{error:?}"))?;
        let reply = reply.dyn_into::<Uint8Array>().map_err(|_| "no bytes")?;
        postcard::from_bytes(&reply.to_vec()).map_err(|error| error.to_string())
    };
    let outcome: Result<Reply, String> =
        within(LIMIT, asked).await.unwrap_or_else(|| Err("no answer in time".to_owned()));
    outcome.map_err(|error| {
        platform::log_error(platform::line("error", "the Hub is away").text("error", &error));
        Away
    })
}
