//! The last step: the origin.

use crate::{
    answer::{Answer, CacheOutcome},
    beat::EpochCheck,
    cache::epochs,
    exchange::{CacheView, Exchange, OriginFact},
    isolate::Isolate,
    pipeline::{Need, Verdict},
    steps::cache::serve,
    upstream::Failure,
};
use std::rc::Rc;
use valora_shared::{
    events::PurgeMode,
    problem::{ErrorCode, Problem},
};

/// Seconds after which a client may try an absent origin again.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Passes the origin's answer on, answers with what it was kept as, or says that the origin is away. A stored answer
/// stands in for an origin that fails, where that is allowed.
pub fn pass(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    if let CacheView::Keyed(lookup) = &exchange.cache
        && lookup.control.only_if_cached
    {
        let detail = "Nothing is stored that may answer this.";
        return Verdict::Answer(Answer::Problem(Problem::new(ErrorCode::NotCached, detail)));
    }
    match exchange.facts.origin.clone() {
        None => Verdict::Need(Need::Origin),
        Some(OriginFact::Kept(entry, outcome)) => match serve(exchange, &entry, outcome) {
            // An answer of which not even the origin's own bytes can be read.
            Verdict::Next => Verdict::Answer(Answer::Problem(away(Failure::Unreachable))),
            verdict => verdict,
        },
        Some(OriginFact::Passed(passed)) => Verdict::Answer(Answer::Passed(passed)),
        Some(OriginFact::Failed(failure)) => {
            let fallback = match &exchange.cache {
                // It may have been purged for good while the origin was waited for.
                CacheView::Keyed(lookup) => lookup.fallback().map(Rc::clone).filter(|entry| {
                    epochs::purged(isolate, &lookup.key, entry, EpochCheck::Current) != Some(PurgeMode::Hard)
                }),
                CacheView::Bypass => None,
            };
            match fallback.map(|entry| serve(exchange, &entry, CacheOutcome::Stale)) {
                Some(Verdict::Next) | None => Verdict::Answer(Answer::Problem(away(failure))),
                Some(verdict) => verdict,
            }
        }
    }
}

fn away(failure: Failure) -> Problem {
    let (code, detail) = match failure {
        Failure::Timeout => (ErrorCode::OriginTimeout, "The origin did not answer in time."),
        Failure::Unreachable => (ErrorCode::OriginUnreachable, "The origin cannot be reached."),
        Failure::ServerError => (ErrorCode::OriginFailed, "The origin answers with errors."),
    };
    Problem::new(code, detail).retry_after(RETRY_AFTER_SECONDS)
}
