//! `GET /api/admin/ratelimit/client?ip=…|hash=…` and `POST /api/admin/ratelimit/reset?ip=…|hash=…`.

use crate::{
    answer::{Answer, Made},
    exchange::Exchange,
    isolate::Isolate,
    limit,
    pipeline::{Need, Verdict},
    settings::Settings,
};
use valora_shared::{
    problem::{ErrorCode, Problem},
    rate::{Call, Named, Reply, Who},
    wire::{ClientLimits, LimitsReset},
};

/// How a client's windows stand.
pub(super) fn client(exchange: &mut Exchange, settings: &Settings) -> Verdict {
    if !matches!(exchange.inbound.method.as_str(), "GET" | "HEAD") {
        return Verdict::Answer(Answer::NotAllowed("GET, HEAD"));
    }
    let name = match named(exchange, settings) {
        Ok((_, name)) => name,
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    match exchange.facts.limiter.take() {
        None => {
            exchange.to_limiter = Some((name, Call::Look(settings.config.rate.limits())));
            Verdict::Need(Need::Limiter)
        }
        Some(Ok(Reply::Seen(decision))) => {
            Verdict::Answer(Answer::Made(Made::json(200, ClientLimits::new(name, &decision).to_json())))
        }
        Some(_) => Verdict::Answer(Answer::Problem(away())),
    }
}

/// Forgets what a client has spent. What isolates have on lease for it, or know of a refusal, is over in two seconds.
pub(super) fn reset(exchange: &mut Exchange, isolate: &Isolate, settings: &Settings) -> Verdict {
    if exchange.inbound.method != "POST" {
        return Verdict::Answer(Answer::NotAllowed("POST"));
    }
    let (named, name) = match named(exchange, settings) {
        Ok(named) => named,
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    match exchange.facts.limiter.take() {
        None => {
            exchange.to_limiter = Some((name, Call::Reset));
            Verdict::Need(Need::Limiter)
        }
        Some(Ok(Reply::Done)) => {
            if let Named::Client(client) = named {
                isolate.with_purses(|purses| purses.forget(&Who::Client(client)));
            }
            let message = "What this client has spent is forgotten; isolates know it within two seconds.";
            Verdict::Answer(Answer::Made(Made::json(200, LimitsReset { message, client: name }.to_json())))
        }
        Some(_) => Verdict::Answer(Answer::Problem(away())),
    }
}

fn named(exchange: &Exchange, settings: &Settings) -> Result<(Named, String), Problem> {
    let named = Named::parse(super::query(exchange))?;
    let name = match &named {
        Named::Client(client) => limit::name(&Who::Client(client.clone()), settings),
        Named::Hash(hash) => hash.clone(),
    };
    Ok((named, name))
}

fn away() -> Problem {
    Problem::new(ErrorCode::LimiterUnavailable, "The client's limiter cannot be asked.").retry_after(1)
}
