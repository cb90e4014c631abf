//! Asks the origin for a request: for its client alone, or for the cache and with it for all who ask the same.

use crate::{
    answer::CacheOutcome,
    background,
    cache::{
        Entry, Lookup,
        fill::Job,
        invalidate,
        underway::{Mark, OWNER_MS, Watched, watch},
    },
    exchange::{CacheView, Exchange, OriginFact},
    isolate::Isolate,
    platform,
    settings::Settings,
    steps,
    timing::within,
    upstream::{self, Failure, Outgoing},
};
use std::{cell::RefCell, rc::Rc, time::Duration};
use valora_shared::{
    cache::{CacheKey, route_of},
    time::UnixMillis,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Request;

/// With a stored answer in hand the origin has this long, then that one is served.
const PATIENCE: Duration = Duration::from_secs(1);

/// Brings the origin's answer into the exchange's facts.
pub async fn bring(
    exchange: &mut Exchange,
    isolate: &Rc<Isolate>,
    request: &Request,
    env: &worker::Env,
    ctx: &worker::Context,
) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    let from = platform::now();
    let fact = match &exchange.cache {
        CacheView::Bypass => alone(settings, exchange, isolate, request, env, ctx).await,
        CacheView::Keyed(lookup) => {
            let checked = lookup.in_hand.as_ref().map(|held| Rc::clone(&held.entry));
            match job(settings, exchange, lookup, isolate, request, checked) {
                Ok(job) => through_the_cache(exchange, isolate, lookup, job, env, ctx).await,
                Err(error) => OriginFact::Failed(upstream::failure(&exchange.correlation_id, &error)),
            }
        }
    };
    exchange.facts.origin = Some(fact);
    exchange.spans.add("origin", from, platform::now());
}

/// Fetches anew behind a stale answer.
pub fn revalidate_behind(
    exchange: &Exchange,
    isolate: &Rc<Isolate>,
    request: &Request,
    env: &worker::Env,
    ctx: &worker::Context,
) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    let CacheView::Keyed(lookup) = &exchange.cache else { return };
    let Some(checked) = &lookup.revalidates_behind else { return };
    let Ok(job) = job(settings, exchange, lookup, isolate, request, Some(Rc::clone(checked))) else { return };
    if let Some(mark) = begin(isolate, &lookup.key, platform::now()) {
        drop(spawn(job, Some(mark), env, ctx));
    }
}

/// The answer for one client alone.
async fn alone(
    settings: &Settings,
    exchange: &Exchange,
    isolate: &Rc<Isolate>,
    request: &Request,
    env: &worker::Env,
    ctx: &worker::Context,
) -> OriginFact {
    let is_proxy = isolate.is_proxy();
    let outgoing = if is_proxy {
        upstream::for_proxy(request, exchange, None)
    } else {
        upstream::for_one(settings, request, exchange)
    };
    let id = &exchange.correlation_id;
    let failed = |error: &JsValue| OriginFact::Failed(upstream::failure(id, error));
    let outgoing: Outgoing = match outgoing {
        Ok(outgoing) => outgoing,
        Err(error) => return failed(&error),
    };
    let limit = upstream::time_limit(settings);
    let response = match upstream::send(settings, id, &outgoing, limit, is_proxy).await {
        Ok(response) => response,
        Err(failure) => return OriginFact::Failed(failure),
    };
    if invalidate::is_change(&exchange.inbound.method, response.status()) {
        let headers = response.headers();
        let named = ["location", "content-location"];
        let named = named.into_iter().filter_map(|name| headers.get(name).ok().flatten());
        let keys = invalidate::keys(&exchange.inbound.url, named, steps::cache::key_of(isolate));
        invalidate::forget(isolate, env, ctx, keys);
    }
    upstream::passed(&response, None, is_proxy).map_or_else(|error| failed(&error), OriginFact::Passed)
}

/// The answer for all who ask the same; this client waits no longer than it has to.
async fn through_the_cache(
    exchange: &Exchange,
    isolate: &Rc<Isolate>,
    lookup: &Lookup,
    job: Job,
    env: &worker::Env,
    ctx: &worker::Context,
) -> OriginFact {
    let begun = platform::now();
    // A plain cache may serve stale where it is cut off (RFC 9111 §4.2.4), and a slow origin is not away.
    let is_hurried = lookup.fallback().is_some() && !isolate.is_proxy();
    let longest = isolate.settings().and_then(Result::ok).map(upstream::time_limit).unwrap_or_default();
    let patience = if is_hurried { PATIENCE.min(longest) } else { longest };
    let (job, mark) = match turn(exchange, isolate, lookup, begun, patience).await {
        Turn::Fetch(mark) => (job, Some(mark)),
        Turn::Alone => (Job { collapses: false, ..job }, None),
        Turn::Answered(fact) => return fact,
    };
    // Whoever has watched for long has less of it left.
    let waited = Duration::from_millis(platform::now().since(begun).unsigned_abs());
    within(patience.saturating_sub(waited), spawn(job, mark, env, ctx)).await.unwrap_or_else(|| {
        isolate.note_origin(route_of(exchange.inbound.path()), true, platform::now());
        OriginFact::Failed(Failure::Timeout)
    })
}

/// Whose turn it is to ask the origin.
enum Turn {
    /// This request's, and others watch.
    Fetch(Mark),
    /// Everybody's for himself.
    Alone,
    /// Another one's, and this came of it.
    Answered(OriginFact),
}

/// One of those who need a key asks, the others watch. A plain HTTP cache sends on whatever it cannot answer.
async fn turn(
    exchange: &Exchange,
    isolate: &Rc<Isolate>,
    lookup: &Lookup,
    begun: UnixMillis,
    patience: Duration,
) -> Turn {
    if isolate.is_proxy() {
        return Turn::Alone;
    }
    let patience_ms = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    let give_up = begun.after(patience_ms);
    loop {
        if let Some(mark) = begin(isolate, &lookup.key, platform::now()) {
            return Turn::Fetch(mark);
        }
        match watch(isolate, &lookup.key, give_up).await {
            Watched::Stored => {
                // One that was asked for before a purge, or another variant, is none; somebody begins anew.
                if let Some(entry) = steps::cache::usable(exchange, isolate, lookup, platform::now()) {
                    return Turn::Answered(OriginFact::Kept(entry, CacheOutcome::Collapsed));
                }
            }
            Watched::NotShared => return Turn::Alone,
            Watched::TakeOver(mark) => return Turn::Fetch(mark),
            Watched::Failed(failure) => return Turn::Answered(OriginFact::Failed(failure)),
            Watched::Late => return Turn::Answered(OriginFact::Failed(Failure::Timeout)),
        }
    }
}

fn begin(isolate: &Isolate, key: &CacheKey, now: UnixMillis) -> Option<Mark> {
    let deadline = now.after(OWNER_MS);
    isolate.with_underway(|underway| underway.begin(key, now, deadline)).flatten()
}

/// Begins a fetch that ends whatever becomes of its client, and of our interest in it.
fn spawn(
    job: Job,
    mark: Option<Mark>,
    env: &worker::Env,
    ctx: &worker::Context,
) -> impl Future<Output = OriginFact> + use<> {
    let outcome: Rc<RefCell<Option<OriginFact>>> = Rc::default();
    let (job, env) = (Rc::new(job), env.clone());
    let promise = background::begin({
        let (job, env, outcome) = (Rc::clone(&job), env.clone(), Rc::clone(&outcome));
        async move {
            let fact = job.run(&env).await;
            if let Some(mark) = mark {
                let ended = Job::ended(&fact);
                job.isolate.with_underway(|underway| underway.finish(mark, ended, platform::now()));
            }
            outcome.replace(Some(fact));
        }
    });
    background::wait_until(ctx, {
        let (promise, outcome) = (promise.clone(), Rc::clone(&outcome));
        async move {
            let _ = JsFuture::from(promise).await;
            let kept: Option<(Rc<Entry>, bool)> = match &*outcome.borrow() {
                Some(OriginFact::Kept(entry, how)) => {
                    Some((Rc::clone(entry), *how != CacheOutcome::Collapsed))
                }
                _ => None,
            };
            if let Some((entry, is_own)) = kept {
                job.settle(entry, is_own, &env).await;
            }
        }
    });
    async move {
        let _ = JsFuture::from(promise).await;
        let fact = outcome.borrow().clone();
        fact.unwrap_or(OriginFact::Failed(Failure::Unreachable))
    }
}

fn job(
    settings: &Settings,
    exchange: &Exchange,
    lookup: &Lookup,
    isolate: &Rc<Isolate>,
    request: &Request,
    checked: Option<Rc<Entry>>,
) -> Result<Job, JsValue> {
    let outgoing = if isolate.is_proxy() {
        upstream::for_proxy(request, exchange, checked.as_deref())?
    } else {
        upstream::for_many(settings, exchange, &lookup.key, checked.as_deref())?
    };
    Ok(Job {
        isolate: Rc::clone(isolate),
        key: lookup.key.clone(),
        path: exchange.inbound.path().to_owned(),
        headers: exchange.headers.clone(),
        has_authorization: exchange.inbound.has_authorization,
        control: lookup.control,
        outgoing,
        // A shared fetch is for those who have nothing in hand, and nothing of their own to tell the origin.
        collapses: checked.is_none()
            && !isolate.is_proxy()
            && !lookup.is_cold()
            && exchange.headers.get("cookie").is_none(),
        has_fallback: lookup.fallback().is_some() || lookup.revalidates_behind.is_some(),
        checked,
        correlation_id: exchange.correlation_id.clone(),
    })
}
