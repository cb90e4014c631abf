//! The response cache: this isolate's memory, then KV.

use crate::{
    answer::{Answer, Tier},
    exchange::{CacheView, Exchange, KvFact},
    isolate::Isolate,
    pipeline::{Need, Verdict},
};
use std::rc::Rc;
use valora_shared::cache::{CacheKey, is_cached_route};

/// Answers from memory or KV with what is fresh there.
pub fn look(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let inbound = &exchange.inbound;
    if is_cached_route(&inbound.method, inbound.path(), inbound.has_authorization).is_err() {
        return Verdict::Next;
    }
    let Ok(key) = CacheKey::from_url(&inbound.url) else { return Verdict::Next };
    if let Some(entry) = isolate.recall(&key).filter(|entry| entry.envelope().is_fresh(exchange.now)) {
        return Verdict::Answer(Answer::Kept(entry, Tier::Memory));
    }
    let found = exchange.facts.kv.clone();
    exchange.cache = CacheView::Keyed(key.clone());
    match found {
        KvFact::Unknown => Verdict::Need(Need::Kv),
        // Judged by the time after the read, which may have taken long.
        KvFact::Found(entry) if entry.envelope().is_fresh(exchange.now_after_io()) => {
            isolate.remember(key, Rc::clone(&entry));
            Verdict::Answer(Answer::Kept(entry, Tier::Kv))
        }
        KvFact::Found(_) | KvFact::Absent => Verdict::Next,
    }
}
