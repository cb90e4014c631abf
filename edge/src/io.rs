//! Brings the facts that steps ask for. Every wait has a limit.

use crate::{
    beat::EpochCheck,
    cache::{epochs, kv},
    exchange::{
        BodyFact, CacheView, DeliveryBody, DeliveryFact, Exchange, HealthFacts, KvFact, UnpackedFact,
    },
    filling, hub, identity,
    isolate::Isolate,
    js::{self, binding},
    limit, log,
    pipeline::Need,
    platform,
    steps::events,
    timing::within,
    upstream,
};
use futures_util::future::{join, join4};
use std::{rc::Rc, time::Duration};
use valora_shared::{
    http::names,
    hub::Call,
    json::Json,
    rate,
    wire::{ServiceHealth, ServiceStatus},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Request;

/// Brings `need` into the exchange's facts, whatever happens: a fact that is not to be had is a fact too.
pub async fn bring(
    need: Need,
    exchange: &mut Exchange,
    isolate: &Rc<Isolate>,
    request: &Request,
    env: &worker::Env,
    ctx: &worker::Context,
) {
    match need {
        Need::Cached => bring_cached(exchange, isolate, env, ctx).await,
        Need::Identity => bring_identity(exchange, isolate).await,
        Need::Body => bring_body(exchange, isolate, request).await,
        Need::Origin => {
            identity::know(exchange, isolate);
            filling::bring(exchange, isolate, request, env, ctx).await;
        }
        // The audit names the client, too, before anything is answered.
        Need::Credential => identity::know_in_time(exchange, isolate, env, ctx).await,
        Need::Delivery => bring_delivery(exchange, isolate, request).await,
        Need::Hub => bring_hub(exchange, isolate, env).await,
        Need::Tokens => limit::bring(exchange, isolate, env, ctx).await,
        Need::Limiter => bring_limiter(exchange, env).await,
        Need::Health => bring_health(exchange, isolate, env).await,
        #[cfg(feature = "fault-injection")]
        Need::Fault => {
            worker::Delay::from(Duration::from_secs(1)).await;
            exchange.facts.fault_awaited = true;
        }
    }
    // A request that took a time for now which has passed would turn back the clock of all it shares with others.
    exchange.spans.read(platform::now());
}

/// What KV holds, and beside it what the Hub has purged.
async fn bring_cached(
    exchange: &mut Exchange,
    isolate: &Rc<Isolate>,
    env: &worker::Env,
    ctx: &worker::Context,
) {
    let from = platform::now();
    let CacheView::Keyed(lookup) = &mut exchange.cache else { return };
    lookup.is_brought = true;
    let (wants_kv, key) = (lookup.wants_kv, &lookup.key);
    let reading = async {
        let namespace = binding(env, kv::BINDING).filter(|_| wants_kv)?;
        let names =
            if let KvFact::Varies(names) = &exchange.facts.kv { Some(names.as_slice()) } else { None };
        let entry = kv::read(&namespace, key, &|name| exchange.headers.get(name), names).await;
        Some((entry, platform::now()))
    };
    let is_overdue = matches!(epochs::check(isolate, from), EpochCheck::Overdue { .. });
    let checking = async {
        if !is_overdue {
            return None;
        }
        Some((EpochCheck::awaited(isolate, env, ctx, i64::MAX).await, platform::now()))
    };
    let (read, checked) = join(reading, checking).await;
    if let Some((entry, at)) = read {
        exchange.facts.kv = entry.map_or(KvFact::Absent, KvFact::Found);
        exchange.spans.add("kv", from, at);
    }
    if let Some((check, at)) = checked {
        exchange.facts.epochs = Some(check);
        exchange.spans.add("hub", from, at);
    }
}

/// Unpacks a stored body, once for all who need it.
async fn bring_identity(exchange: &mut Exchange, isolate: &Isolate) {
    let Some((entry, outcome)) = exchange.to_unpack.take() else { return };
    let unpacked = async {
        let handle = JsFuture::from(js::gunzip(&entry.gzip()?.handle).ok()?).await.ok()?;
        Some(Rc::new(entry.with_identity(handle)))
    };
    let unpacked = unpacked.await;
    if let (Some(entry), CacheView::Keyed(lookup)) = (&unpacked, &exchange.cache) {
        isolate.remember(&lookup.key, &|name| exchange.headers.get(name), Rc::clone(entry));
    }
    exchange.facts.unpacked =
        unpacked.map_or(UnpackedFact::Broken, |entry| UnpackedFact::Unpacked(entry, outcome));
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

async fn bring_delivery(exchange: &mut Exchange, isolate: &Isolate, request: &Request) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    let text = |name| request.headers().get(name).ok().flatten();
    let (signature_input, signature) = (text(names::SIGNATURE_INPUT), text(names::SIGNATURE));
    #[expect(clippy::cast_precision_loss, reason = "1 MiB")]
    let max = events::MAX_BYTES as f64;
    let limit = Duration::from_millis(settings.config.upstream.origin_timeout_ms.get());
    let from = platform::now();
    // What is not signed is not read.
    let is_signed = signature_input.is_some() && signature.is_some() && exchange.inbound.has_body;
    let reading = async { JsFuture::from(js::read_body(request, max)?).await };
    let body = match if is_signed { within(limit, reading).await } else { None } {
        Some(Ok(body)) if body.is_null() => DeliveryBody::TooLarge,
        Some(Ok(body)) => body
            .dyn_into::<js_sys::Uint8Array>()
            .map_or(DeliveryBody::Absent, |bytes| DeliveryBody::Read(bytes.to_vec())),
        Some(Err(_)) | None => DeliveryBody::Absent,
    };
    exchange.facts.delivery = Some(DeliveryFact { signature_input, signature, body });
    exchange.spans.add("delivery", from, platform::now());
}

async fn bring_hub(exchange: &mut Exchange, isolate: &Isolate, env: &worker::Env) {
    let from = platform::now();
    let Some(Ok(settings)) = isolate.settings() else { return };
    exchange.facts.hub = Some(match exchange.to_hub.take() {
        Some(call) => {
            let outcome = hub::ask(settings, env, &call).await;
            if let Call::Take(delivered) = &call {
                log::delivery(exchange, delivered, &outcome);
            }
            outcome
        }
        None => Err(hub::Away),
    });
    exchange.spans.add("hub", from, platform::now());
}

async fn bring_limiter(exchange: &mut Exchange, env: &worker::Env) {
    let from = platform::now();
    let mut answer = Err(limit::Away);
    if let Some((limiters, call)) = exchange.to_limiter.take() {
        for name in limiters {
            answer = limit::call(env, &name, &call).await;
            if answer.is_err() {
                break;
            }
        }
    }
    exchange.facts.limiter = Some(answer);
    exchange.spans.add("limiter", from, platform::now());
}

async fn bring_health(exchange: &mut Exchange, isolate: &Isolate, env: &worker::Env) {
    let from = platform::now();
    let Some(Ok(settings)) = isolate.settings() else { return };
    identity::know(exchange, isolate);
    let kv = async {
        let namespace = binding(env, kv::BINDING)?;
        let works = kv::probe(&namespace).await;
        Some((works, platform::now()))
    };
    let origin = async {
        let outgoing = upstream::for_itself(settings, exchange, "/api/health/detailed").ok()?;
        let limit = upstream::time_limit(settings);
        let sent = upstream::send(settings, &exchange.correlation_id, &outgoing, limit, false);
        let response = sent.await.ok()?;
        let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
        let Ok(Json::Object(report)) = Json::parse(&text) else { return None };
        Some((response.status(), report, platform::now()))
    };
    let hub = async {
        binding(env, hub::BINDING)?;
        let works = hub::ask(settings, env, &Call::Probe).await.is_ok();
        Some((works, platform::now()))
    };
    let limiter = async {
        binding(env, limit::BINDING)?;
        let call = rate::Call::Look(settings.config.rate.limits());
        let works = limit::call(env, limit::PROBED, &call).await.is_ok();
        Some((works, platform::now()))
    };
    let (kv, hub, limiter, origin) = join4(kv, hub, limiter, origin).await;
    let part = |works: bool, at, kind| ServiceHealth {
        status: if works { ServiceStatus::Healthy } else { ServiceStatus::Unhealthy },
        response_time_ms: u64::try_from(valora_shared::time::UnixMillis::since(at, from)).ok(),
        kind,
    };
    let absent = |kind| ServiceHealth { status: ServiceStatus::NotConfigured, response_time_ms: None, kind };
    let now = platform::now();
    exchange.facts.health = Some(HealthFacts {
        kv: kv.map_or_else(|| absent("kv"), |(works, at)| part(works, at, "kv")),
        hub: hub.map_or_else(|| absent("durable object"), |(works, at)| part(works, at, "durable object")),
        limiter: limiter
            .map_or_else(|| absent("durable object"), |(works, at)| part(works, at, "durable object")),
        origin: part(origin.is_some(), origin.as_ref().map_or(now, |(_, _, at)| *at), "http"),
        report: origin.map(|(status, report, _)| (status, report)),
    });
    exchange.spans.add("health", from, now);
}
