//! The way of a request, in one list. Steps decide from what is known; they never wait. Where a fact is missing
//! a step says which, the asynchronous runner brings it, and the same step is asked again. The synchronous runner
//! (a HIT must leave before anything is awaited) walks the same list and hands over at the first missing fact.

use crate::{answer::Answer, exchange::Exchange, isolate::Isolate, steps};

/// What a step says.
pub enum Verdict {
    /// Not mine; go on.
    Next,
    /// Done.
    Answer(Answer),
    /// I cannot say before this is known.
    Need(Need),
}

/// Facts that only I/O can bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// What KV holds under the request's key, and what the Hub has purged.
    Cached,
    /// A stored body unpacked.
    Identity,
    /// The request's body.
    Body,
    /// The origin's answer.
    Origin,
    /// Whose credential the request carries.
    Credential,
    /// A delivery of events.
    Delivery,
    /// The Hub's answer to the exchange's `to_hub`.
    Hub,
    /// Tokens of the request's client.
    Tokens,
    /// The limiter's answer to the exchange's `to_limiter`.
    Limiter,
    /// The health of the parts around the edge.
    Health,
    /// A pause, after which the fault step panics.
    #[cfg(feature = "fault-injection")]
    Fault,
}

/// A step of the pipeline.
pub type Step = fn(&mut Exchange, &Isolate) -> Verdict;

/// The order (design: http.md). Around all of it, in `respond`: the correlation id, logging and timing (1, they
/// must see every answer), security headers (2) and CORS headers (3) on every answer, errors too.
pub const STEPS: &[Step] = &[
    // With faulty settings nothing below can be trusted to do the right thing.
    steps::configuration::check,
    // Events of the origin, and whatever else is internal: signed by the origin or nothing, so neither a browser's rules
    // nor a client's limits hold for them, and what is not signed reaches nothing behind this.
    steps::events::receive,
    // Liveness says that this isolate answers; it must not depend on anything below.
    steps::health::alive,
    // 2 What HSTS asks of browsers, for those that have not heard it yet.
    steps::https::require,
    // 3 CORS: a preflight carries no credentials and asks only about the rules, so it is answered here.
    steps::preflight::answer,
    // 4 IP security stands here: a banned client must not be served from the cache either.
    // 5 Request size: before the cache for the same reason, and before anything that costs more than reading.
    steps::size::check,
    #[cfg(feature = "fault-injection")]
    steps::faults::provoke,
    // 7 Rate limit, where RATE_LIMIT_CACHE_HITS=true wants answers from the cache counted, too.
    steps::limit::count_all,
    // 6 Response cache: what it can answer costs less than counting it would, so it stands before the limit.
    steps::cache::look,
    // 7 Rate limit: what is left costs the origin something.
    steps::limit::check,
    // 8 Admin routes, behind every protection: closed to all but admins whom the Hub knows nothing against, and the
    // edge's own answered here.
    steps::admin::guard,
    steps::health::detailed,
    // 9 The origin, whose answer fills the cache.
    steps::origin::pass,
];

/// How far the list went.
pub enum Progress {
    /// An answer.
    Answered(Answer),
    /// A fact is missing; call [`advance`] again when it is there.
    Needs(Need),
}

/// The order where the edge is a plain HTTP cache: nothing but the cache.
const PROXY_STEPS: &[Step] = &[steps::configuration::check, steps::cache::look, steps::origin::pass];

/// Walks on from where the exchange stands.
pub fn advance(exchange: &mut Exchange, isolate: &Isolate) -> Progress {
    let steps = if isolate.is_proxy() { PROXY_STEPS } else { STEPS };
    while let Some(step) = steps.get(exchange.steps_done) {
        match step(exchange, isolate) {
            Verdict::Next => exchange.steps_done += 1,
            Verdict::Answer(answer) => return Progress::Answered(answer),
            Verdict::Need(need) => return Progress::Needs(need),
        }
    }
    // The last step answers or needs; should that ever change, the client still gets an answer of ours.
    Progress::Answered(Answer::Problem(steps::unanswered()))
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
