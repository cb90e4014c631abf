//! Brings the facts that steps ask for. Every wait has a limit.

use crate::{
    cache::kv,
    exchange::{BodyFact, CacheView, Exchange, HealthFacts, KvFact},
    isolate::Isolate,
    js::{self, binding},
    pipeline::Need,
    platform,
    timing::within,
    upstream,
};
use futures_util::future::join;
use serde_json::{Map, Value};
use std::{rc::Rc, time::Duration};
use valora_shared::wire::{ServiceHealth, ServiceStatus};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, Response};

/// Brings `need` into the exchange's facts, whatever happens: a fact that is not to be had is a fact too.
pub async fn bring(
    need: Need,
    exchange: &mut Exchange,
    isolate: &Isolate,
    request: &Request,
    env: &worker::Env,
) {
    match need {
        Need::Kv => bring_kv(exchange, env).await,
        Need::Body => bring_body(exchange, isolate, request).await,
        Need::Origin => bring_origin(exchange, isolate, request).await,
        Need::Health => bring_health(exchange, isolate, request, env).await,
        #[cfg(feature = "fault-injection")]
        Need::Fault => {
            worker::Delay::from(Duration::from_secs(1)).await;
            exchange.facts.fault_awaited = true;
        }
    }
}

async fn bring_kv(exchange: &mut Exchange, env: &worker::Env) {
    let from = platform::now();
    let entry = match (&exchange.cache, binding(env, kv::BINDING)) {
        (CacheView::Keyed(key), Some(namespace)) => kv::read(&namespace, key).await,
        _ => None,
    };
    exchange.facts.kv = entry.map_or(KvFact::Absent, |entry| KvFact::Found(Rc::new(entry)));
    exchange.spans.add("kv", from, platform::now());
}

async fn bring_body(exchange: &mut Exchange, isolate: &Isolate, request: &Request) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    #[expect(clippy::cast_precision_loss, reason = "at most 100 MiB")]
    let max = settings.config.request.max_request_size.get() as f64;
    let limit = Duration::from_millis(settings.config.upstream.origin_timeout_ms.get());
    let reading = async { JsFuture::from(js::read_body(request, max)?).await };
    exchange.facts.body = match within(limit, reading).await {
        None => BodyFact::Late,
        Some(Ok(body)) if body.is_null() => BodyFact::TooLarge,
        Some(Ok(body)) => body.dyn_into().map_or(BodyFact::Broken, BodyFact::Read),
        Some(Err(_)) => BodyFact::Broken,
    };
}

async fn bring_origin(exchange: &mut Exchange, isolate: &Isolate, request: &Request) {
    let from = platform::now();
    let Some(Ok(settings)) = isolate.settings() else { return };
    exchange.facts.origin = Some(upstream::ask(settings, request, exchange).await);
    exchange.spans.add("origin", from, platform::now());
}

async fn bring_health(exchange: &mut Exchange, isolate: &Isolate, request: &Request, env: &worker::Env) {
    let from = platform::now();
    let Some(Ok(settings)) = isolate.settings() else { return };
    let kv = async {
        let namespace = binding(env, kv::BINDING)?;
        let works = kv::probe(&namespace).await;
        Some((works, platform::now()))
    };
    let origin = async {
        let passed =
            upstream::ask_for_itself(settings, request, exchange, "/api/health/detailed").await.ok()?;
        let report = read_json(passed.body).await?;
        Some((passed.status, report, platform::now()))
    };
    let (kv, origin) = join(kv, origin).await;
    let part = |works: bool, at, kind| ServiceHealth {
        status: if works { ServiceStatus::Healthy } else { ServiceStatus::Unhealthy },
        response_time_ms: u64::try_from(valora_shared::time::UnixMillis::since(at, from)).ok(),
        kind,
    };
    let now = platform::now();
    exchange.facts.health = Some(HealthFacts {
        kv: kv.map_or_else(
            || ServiceHealth { status: ServiceStatus::NotConfigured, response_time_ms: None, kind: "kv" },
            |(works, at)| part(works, at, "kv"),
        ),
        origin: part(origin.is_some(), origin.as_ref().map_or(now, |(_, _, at)| *at), "http"),
        report: origin.map(|(status, report, _)| (status, report)),
    });
    exchange.spans.add("health", from, now);
}

/// A small JSON object out of a body handle.
async fn read_json(body: wasm_bindgen::JsValue) -> Option<Map<String, Value>> {
    let response = Response::new_with_opt_readable_stream(body.dyn_ref()).ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    serde_json::from_str(&text).ok()
}
