//! The rate limit: a request that its client has no tokens for ends here.

use crate::{
    answer::Answer,
    exchange::Exchange,
    identity,
    isolate::Isolate,
    limit::{self, LimitView, Outcome},
    pipeline::{Need, Verdict},
    settings::Settings,
};
use valora_shared::{
    config::RateMode,
    hub::Counter,
    problem::{ErrorCode, Problem},
    rate::{Decision, is_watched},
};

/// Seconds after which a limiter that is away may be back.
const AWAY_SECONDS: u32 = 1;

/// Stands before the cache: acts only where every request counts, not just those that the cache does not answer.
pub fn count_all(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let Some(Ok(settings)) = isolate.settings() else { return Verdict::Next };
    if settings.config.edge_rate.rate_limit_cache_hits.0 { check(exchange, isolate) } else { Verdict::Next }
}

/// Lets through what is paid for.
pub fn check(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let Some(Ok(settings)) = isolate.settings() else { return Verdict::Next };
    if exchange.limit.is_settled() {
        return Verdict::Next;
    }
    if let LimitView::Refused(decision) = exchange.limit {
        // What is refused comes here again where something must be done behind the answer.
        return answer(exchange, settings, &decision);
    }
    if is_exempt(exchange, settings) {
        exchange.limit = LimitView::Exempt;
        return Verdict::Next;
    }
    // Without one the client is its address, which costs nothing to know.
    if exchange.inbound.has_authorization && !identity::know_at_once(exchange, isolate) {
        return Verdict::Need(Need::Credential);
    }
    let known = exchange.facts.tokens.take().or_else(|| limit::pay_at_hand(exchange, isolate, settings));
    match known {
        None => Verdict::Need(Need::Tokens),
        Some(Outcome::Paid(paid)) => {
            exchange.limit = LimitView::Paid(paid);
            Verdict::Next
        }
        Some(Outcome::Refused(decision)) => refuse(exchange, isolate, settings, decision),
        Some(Outcome::Open) => {
            exchange.limit = LimitView::Exempt;
            Verdict::Next
        }
        Some(Outcome::Closed) => {
            let problem = Problem::new(ErrorCode::LimiterUnavailable, "The rate limiter cannot be asked.");
            Verdict::Answer(Answer::Problem(problem.retry_after(AWAY_SECONDS)))
        }
    }
}

fn refuse(exchange: &mut Exchange, isolate: &Isolate, settings: &Settings, decision: Decision) -> Verdict {
    isolate.with_stats(|stats| stats.add(Counter::RateLimited, 1));
    if settings.config.rate.rate_limit_mode == RateMode::Shadow {
        limit::log_shadow(exchange, settings);
        exchange.limit = LimitView::Exempt;
        return Verdict::Next;
    }
    exchange.limit = LimitView::Refused(decision);
    answer(exchange, settings, &decision)
}

fn answer(exchange: &Exchange, settings: &Settings, decision: &Decision) -> Verdict {
    let client = limit::payers(exchange, settings).next();
    let own = client.map_or_else(|| settings.config.rate.limits(), |client| client.limits);
    match Problem::rate_limited(decision, limit::policy(exchange), &own) {
        Some(problem) => Verdict::Answer(Answer::Problem(problem)),
        None => Verdict::Next,
    }
}

fn is_exempt(exchange: &Exchange, settings: &Settings) -> bool {
    is_watched(&exchange.inbound.method, exchange.inbound.path())
        || settings.config.rate.rate_limit_exempt.contains(identity::address(settings, &exchange.inbound))
}
