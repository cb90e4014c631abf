//! The response cache: this isolate's memory, then KV; what is found answers at once, or is kept in hand for when the
//! origin has been asked.

use crate::{
    answer::{Answer, CacheOutcome, Tier},
    beat::EpochCheck,
    cache::{Entry, InHand, Lookup, epochs},
    exchange::{CacheView, Exchange, KvFact, UnpackedFact},
    isolate::Isolate,
    pipeline::{Need, Verdict},
};
use std::rc::Rc;
use valora_shared::{
    cache::{CacheKey, Reason, RequestControl, Reuse, is_cached_route, path_of, route_of, takes_gzip},
    config::EdgeMode,
    time::UnixMillis,
};

/// An entry with where it was found and what may be done with it.
struct Judged {
    entry: Rc<Entry>,
    tier: Tier,
    reuse: Reuse,
    reason: Reason,
}

/// Answers with what is stored, asks for what KV and the Hub know, or goes on.
pub fn look(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    if let UnpackedFact::Unpacked(entry, outcome) = &exchange.facts.unpacked {
        return Verdict::Answer(Answer::Kept(Rc::clone(entry), *outcome));
    }
    let mut lookup = match std::mem::take(&mut exchange.cache) {
        CacheView::Keyed(lookup) => lookup,
        CacheView::Bypass => match begin(exchange, isolate) {
            Some(lookup) => Box::new(lookup),
            None => return Verdict::Next,
        },
    };
    let verdict = judge_all(exchange, isolate, &mut lookup);
    exchange.cache = CacheView::Keyed(lookup);
    match verdict {
        Found::Need => Verdict::Need(Need::Cached),
        Found::Nothing => Verdict::Next,
        Found::Answer(entry, outcome) => serve(exchange, &entry, outcome),
    }
}

/// Sends an entry, once its body is at hand in a coding that the client takes.
pub fn serve(exchange: &mut Exchange, entry: &Rc<Entry>, outcome: CacheOutcome) -> Verdict {
    let inbound = &exchange.inbound;
    let takes_gzip = takes_gzip(inbound.accept_encoding.as_deref()) && inbound.range.is_none();
    if entry.identity().is_some() || (takes_gzip && entry.gzip().is_some()) {
        return Verdict::Answer(Answer::Kept(Rc::clone(entry), outcome));
    }
    match exchange.facts.unpacked.clone() {
        UnpackedFact::Unpacked(entry, outcome) => Verdict::Answer(Answer::Kept(entry, outcome)),
        // A body that cannot be unpacked is as good as none.
        UnpackedFact::Broken => Verdict::Next,
        UnpackedFact::Unknown => {
            exchange.to_unpack = Some((Rc::clone(entry), outcome));
            Verdict::Need(Need::Identity)
        }
    }
}

enum Found {
    Need,
    Nothing,
    Answer(Rc<Entry>, CacheOutcome),
}

/// Whether the cache looks at the request at all, and under which key.
fn begin(exchange: &Exchange, isolate: &Isolate) -> Option<Lookup> {
    let Some(Ok(settings)) = isolate.settings() else { return None };
    let inbound = &exchange.inbound;
    match settings.config.cache.edge_mode {
        EdgeMode::Api => {
            is_cached_route(&inbound.method, inbound.path(), inbound.has_authorization).ok()?;
            // What a client demands of caches is not heeded: a reload must not reach the origin, and a purge does not
            // wait for one.
            CacheKey::from_url(&inbound.url).ok().map(|key| Lookup::new(key, RequestControl::default()))
        }
        EdgeMode::Proxy if matches!(inbound.method.as_str(), "GET" | "HEAD") => {
            let header = |name: &str| exchange.headers.get(name);
            let control =
                RequestControl::parse(header("cache-control").as_deref(), header("pragma").as_deref());
            CacheKey::exact(&inbound.url).ok().map(|key| Lookup::new(key, control))
        }
        EdgeMode::Proxy => None,
    }
}

/// Under which key a GET of a URL is kept, if it may be.
pub fn key_of(isolate: &Isolate) -> impl Fn(&str) -> Option<CacheKey> + use<> {
    let is_proxy = isolate.is_proxy();
    move |url| {
        if is_proxy {
            return CacheKey::exact(url).ok();
        }
        is_cached_route("GET", path_of(url), false).ok().and_then(|()| CacheKey::from_url(url).ok())
    }
}

fn judge_all(exchange: &Exchange, isolate: &Isolate, lookup: &mut Lookup) -> Found {
    let now = exchange.now_after_io();
    let check = match exchange.facts.epochs {
        Some(awaited) => awaited,
        None => epochs::check(isolate, now),
    };
    lookup.check = check;
    let judge = |entry: Rc<Entry>, tier| judge(isolate, lookup, check, now, entry, tier);
    let memory = isolate.recall(&lookup.key, &|name| exchange.headers.get(name));
    let memory = memory.map(|entry| judge(entry, Tier::Memory));
    let is_origin_away = isolate.is_origin_away(route_of(exchange.inbound.path()), now);
    // While the origin is away KV has nothing better than what it would be asked to confirm.
    let enough = if is_origin_away { ON_ERROR } else { Reuse::WhileRevalidate };
    let is_enough = memory.as_ref().is_some_and(|judged| judged.reuse >= enough);
    if !lookup.is_brought {
        let wants_kv = exchange.facts.kv.is_open() && !is_enough && !isolate.is_kv_too_old(&lookup.key, now);
        if matches!(check, EpochCheck::Overdue { .. }) || wants_kv {
            lookup.wants_kv = wants_kv;
            return Found::Need;
        }
    }
    let stored = match &exchange.facts.kv {
        KvFact::Found(entry) if isolate.is_current(&lookup.key, entry) => {
            Some(judge(Rc::clone(entry), Tier::Kv))
        }
        _ => None,
    };
    if let Some(Judged { reason: Reason::Purged(_), .. }) = &stored
        && !lookup.is_cold()
    {
        isolate.note_kv_too_old(&lookup.key, now);
    }
    let Some(best) = better(memory, stored) else { return Found::Nothing };
    if best.tier == Tier::Kv && best.reuse > Reuse::Gone {
        isolate.remember(&lookup.key, &|name| exchange.headers.get(name), Rc::clone(&best.entry));
    }
    lookup.reason = Some(best.reason);
    match best.reuse {
        Reuse::Fresh => Found::Answer(best.entry, CacheOutcome::Hit(best.tier)),
        Reuse::WhileRevalidate => {
            if !is_origin_away && !isolate.is_being_filled(&lookup.key, now) {
                lookup.revalidates_behind = Some(Rc::clone(&best.entry));
            }
            Found::Answer(best.entry, CacheOutcome::Stale)
        }
        Reuse::Revalidate { may_serve_on_error: true } if is_origin_away => {
            Found::Answer(best.entry, CacheOutcome::Stale)
        }
        Reuse::Revalidate { may_serve_on_error } => {
            lookup.in_hand = Some(InHand { entry: best.entry, may_serve_on_error });
            Found::Nothing
        }
        Reuse::Gone => Found::Nothing,
    }
}

/// What memory holds after another request has fetched it, if that answers this one as well.
pub fn usable(exchange: &Exchange, isolate: &Isolate, lookup: &Lookup, now: UnixMillis) -> Option<Rc<Entry>> {
    let entry = isolate.recall(&lookup.key, &|name| exchange.headers.get(name))?;
    // What was asked for after this request came needs no look at the Hub.
    let is_newer = entry.stored().sent_at >= exchange.now;
    let check = if is_newer { EpochCheck::Current } else { epochs::check(isolate, now) };
    let judged = judge(isolate, lookup, check, now, entry, Tier::Memory);
    (judged.reuse >= Reuse::WhileRevalidate).then_some(judged.entry)
}

fn judge(
    isolate: &Isolate,
    lookup: &Lookup,
    check: EpochCheck,
    now: UnixMillis,
    entry: Rc<Entry>,
    tier: Tier,
) -> Judged {
    let purged = epochs::purged(isolate, &lookup.key, &entry, check);
    let (reuse, reason) = entry.stored().reuse(now, &lookup.control, purged);
    Judged { entry, tier, reuse, reason }
}

/// What must be checked, and may be served when that fails.
const ON_ERROR: Reuse = Reuse::Revalidate { may_serve_on_error: true };

/// The more useful one; of two equals the younger, of two of one age the nearer.
fn better(memory: Option<Judged>, kv: Option<Judged>) -> Option<Judged> {
    match (memory, kv) {
        (Some(memory), Some(kv)) => {
            let order = |judged: &Judged| (judged.reuse, judged.entry.stored().sent_at);
            Some(if order(&kv) > order(&memory) { kv } else { memory })
        }
        (memory, kv) => memory.or(kv),
    }
}
