//! The two ways through the pipeline's one list of steps.

use crate::{
    answer::{Answer, CacheOutcome},
    audit, background, beat,
    cache::kv,
    exchange::{CacheView, Exchange, Inbound, KvFact, RequestHeaders},
    filling, identity, io,
    isolate::{self, Isolate},
    js, log, parked,
    pipeline::{self, Need, Progress},
    platform, respond,
    settings::Settings,
    steps,
};
use std::rc::Rc;
use valora_shared::http::is_plain_url;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// What a request comes to without waiting.
pub enum Now {
    /// This.
    Answered(Response),
    /// It is parked under this number, and all that is missing is the value of this name in KV.
    ReadKv(u64, String),
    /// It is parked under this number and has to wait for more.
    Later(u64),
    /// Nothing can be decided yet.
    Unready,
}

/// Answers without waiting for anything, or hands over. This is how a HIT leaves.
pub fn answer_now(request: &Request) -> Now {
    let isolate = isolate::current();
    // Until a first request has brought the bindings nothing can be decided.
    if isolate.settings().is_none() {
        return Now::Unready;
    }
    go_on(receive(request), &isolate)
}

/// Goes on with a request once KV has answered; `Unready` where it is not parked any more.
pub fn answer_parked(number: u64, value: &JsValue) -> Now {
    let Some(mut exchange) = parked::take(number) else { return Now::Unready };
    exchange.facts.kv = KvFact::of(kv::open(value));
    exchange.spans.add("kv", exchange.now, platform::now());
    go_on(exchange, &isolate::current())
}

fn go_on(mut exchange: Exchange, isolate: &Isolate) -> Now {
    match pipeline::advance(&mut exchange, isolate) {
        Progress::Needs(need) => {
            if let (Need::Cached, CacheView::Keyed(lookup)) = (need, &exchange.cache)
                && lookup.wants_kv_alone(&exchange.facts.kv)
            {
                let name = kv::begin_read(lookup.hash());
                return Now::ReadKv(parked::park(exchange), name);
            }
        }
        Progress::Answered(answer) => {
            if let Some(response) = respond_now(&exchange, isolate, &answer) {
                return Now::Answered(response);
            }
        }
    }
    Now::Later(parked::park(exchange))
}

/// Sends an answer that needs nothing done behind it. What JavaScript refuses here, the asynchronous way reports.
fn respond_now(exchange: &Exchange, isolate: &Isolate, answer: &Answer) -> Option<Response> {
    if has_work_behind(exchange, isolate) {
        return None;
    }
    let response = respond::to_response(exchange, isolate, answer).ok()?;
    log::request(exchange, isolate, &response, answer);
    count(exchange, isolate, answer);
    Some(response)
}

/// Answers, bringing what the steps ask for.
///
/// # Errors
/// Only when JavaScript refuses even a plain error answer.
pub async fn answer(
    request: Request,
    env: worker::Env,
    ctx: worker::Context,
    parked: Option<u64>,
) -> Result<Response, JsValue> {
    let isolate = isolate::current();
    isolate.ensure_settings(|| Settings::from_bindings(&env), platform::random_seed);
    let mut exchange = parked.and_then(parked::take).unwrap_or_else(|| receive(&request));
    let answer = loop {
        match pipeline::advance(&mut exchange, &isolate) {
            Progress::Answered(answer) => break answer,
            Progress::Needs(need) => io::bring(need, &mut exchange, &isolate, &request, &env, &ctx).await,
        }
    };
    filling_behind(&mut exchange, &isolate, &request, &env, &ctx);
    let response = respond::to_response(&exchange, &isolate, &answer).or_else(|error| {
        log::refused(&exchange, &error);
        respond::to_response(&exchange, &isolate, &Answer::Problem(steps::unanswered()))
    })?;
    log::request(&exchange, &isolate, &response, &answer);
    count(&exchange, &isolate, &answer);
    if exchange.admin.is_some() {
        audit::note(&isolate, &exchange, &answer, response.status());
    }
    afterwards(&exchange, &isolate, env, &ctx);
    Ok(response)
}

fn count(exchange: &Exchange, isolate: &Isolate, answer: &Answer) {
    let key = if let CacheView::Keyed(lookup) = &exchange.cache { Some(lookup.key.as_str()) } else { None };
    isolate.with_stats(|stats| stats.count(CacheOutcome::of(exchange, answer), key));
}

/// What is due at the Hub, behind the answer. A request that neither looked at the cache nor bore a credential never
/// pays for it.
fn afterwards(exchange: &Exchange, isolate: &Rc<Isolate>, env: worker::Env, ctx: &worker::Context) {
    let is_noted = exchange.admin.as_ref().is_some_and(|visit| !visit.is_recorded);
    let beat = wants_beat(exchange, isolate)
        .then(|| isolate.with_beat(|beat| beat.begin(platform::now())).flatten())
        .flatten();
    if !is_noted && beat.is_none() {
        return;
    }
    let isolate = Rc::clone(isolate);
    background::wait_until(ctx, async move {
        if is_noted {
            audit::flush(&isolate, &env).await;
        }
        if let (Some(beat), Some(Ok(settings))) = (beat, isolate.settings()) {
            beat::make(settings, &env, beat).await;
        }
    });
}

/// What must be begun behind an answer, for which the synchronous way has no means.
fn has_work_behind(exchange: &Exchange, isolate: &Isolate) -> bool {
    let CacheView::Keyed(lookup) = &exchange.cache else { return false };
    lookup.revalidates_behind.is_some() || wants_beat(exchange, isolate)
}

/// Whether the request must look at the Hub behind its answer.
fn wants_beat(exchange: &Exchange, isolate: &Isolate) -> bool {
    let Some(Ok(settings)) = isolate.settings() else { return false };
    if isolate.is_proxy() {
        return false;
    }
    let max_age_ms = settings.config.cache.cache_epoch_max_age_ms.get();
    let has_looked = matches!(exchange.cache, CacheView::Keyed(_));
    let now = exchange.now_after_io();
    let is_due = isolate.with_beat(|beat| {
        (has_looked && beat.is_due(now, max_age_ms))
            || (exchange.inbound.has_authorization && beat.wants_lists(now))
    });
    is_due.unwrap_or(false)
}

fn filling_behind(
    exchange: &mut Exchange,
    isolate: &Rc<Isolate>,
    request: &Request,
    env: &worker::Env,
    ctx: &worker::Context,
) {
    if matches!(&exchange.cache, CacheView::Keyed(lookup) if lookup.revalidates_behind.is_some()) {
        identity::know(exchange, isolate);
        filling::revalidate_behind(exchange, isolate, request, env, ctx);
    }
}

fn receive(request: &Request) -> Exchange {
    // The handle; a `Request` has a `clone` of its own, which copies its body.
    let headers = RequestHeaders::Live(Clone::clone(request));
    let mut inbound = Inbound::parse(&js::read(request));
    if !is_plain_url(&inbound.url) {
        inbound.url = js::canonical(&inbound.url);
    }
    Exchange::new(inbound, headers, platform::now(), platform::random_uuid)
}
