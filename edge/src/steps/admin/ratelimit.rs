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
    rate::{Call, Named, Reply},
    wire::{ClientLimits, LimitsReset},
};

/// How a client's windows stand.
pub(super) fn client(exchange: &mut Exchange, settings: &Settings) -> Verdict {
    if !matches!(exchange.inbound.method.as_str(), "GET" | "HEAD") {
        return Verdict::Answer(Answer::NotAllowed("GET, HEAD"));
    }
    let named = match Named::parse(super::query(exchange)) {
        Ok(named) => named,
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    let name = name(&named, settings);
    match exchange.facts.limiter.take() {
        None => {
            exchange.to_limiter = Some((vec![name], Call::Look(settings.config.rate.limits())));
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
    let named = match Named::parse(super::query(exchange)) {
        Ok(named) => named,
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    let all = named.all(&settings.config.rate);
    match exchange.facts.limiter.take() {
        None => {
            let limiters = match &all {
                Ok(all) => all.iter().map(|who| limit::name(who, settings)).collect(),
                Err(hash) => vec![(*hash).to_owned()],
            };
            exchange.to_limiter = Some((limiters, Call::Reset));
            Verdict::Need(Need::Limiter)
        }
        Some(Ok(Reply::Done)) => {
            for who in all.unwrap_or_default() {
                isolate.with_purses(|purses| purses.forget(&who));
            }
            let message = "What this client has spent is forgotten; isolates know it within two seconds.";
            let reset = LimitsReset { message, client: name(&named, settings) };
            Verdict::Answer(Answer::Made(Made::json(200, reset.to_json())))
        }
        Some(_) => Verdict::Answer(Answer::Problem(away())),
    }
}

fn name(named: &Named, settings: &Settings) -> String {
    match named.client() {
        Ok(client) => limit::name(&client, settings),
        Err(hash) => hash.to_owned(),
    }
}

fn away() -> Problem {
    Problem::new(ErrorCode::LimiterUnavailable, "The client's limiter cannot be asked.").retry_after(1)
}
