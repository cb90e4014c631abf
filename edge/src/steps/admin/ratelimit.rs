//! `GET /api/admin/ratelimit/client?ip=…|hash=…` and `POST /api/admin/ratelimit/reset?ip=…|hash=…`.

use crate::{
    answer::{Answer, Made},
    exchange::Exchange,
    isolate::Isolate,
    limit::Who,
    pipeline::{Need, Verdict},
    settings::Settings,
};
use valora_shared::{
    account::client_network,
    hub::decoded,
    json::Object,
    problem::{ErrorCode, Place, Problem},
    rate::{Call, Decision, Reply, Usage, Window, seconds_up},
    trust::Client,
};

/// Whom an admin means.
enum Meant {
    Client(Who),
    Hash(String),
}

/// How a client's windows stand.
pub(super) fn client(exchange: &mut Exchange, settings: &Settings) -> Verdict {
    if !matches!(exchange.inbound.method.as_str(), "GET" | "HEAD") {
        return Verdict::Answer(Answer::NotAllowed("GET, HEAD"));
    }
    let name = match meant(exchange) {
        Ok(meant) => meant.name(settings),
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    match exchange.facts.limiter.take() {
        None => {
            exchange.to_limiter = Some((name, Call::Look(settings.config.rate.limits())));
            Verdict::Need(Need::Limiter)
        }
        Some(Ok(Reply::Seen(decision))) => {
            Verdict::Answer(Answer::Made(Made::json(200, told(&name, &decision))))
        }
        Some(_) => Verdict::Answer(Answer::Problem(away())),
    }
}

/// Forgets what a client has spent. What isolates have on lease for it, or know of a refusal, is over in two seconds.
pub(super) fn reset(exchange: &mut Exchange, isolate: &Isolate, settings: &Settings) -> Verdict {
    if exchange.inbound.method != "POST" {
        return Verdict::Answer(Answer::NotAllowed("POST"));
    }
    let meant = match meant(exchange) {
        Ok(meant) => meant,
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    let name = meant.name(settings);
    match exchange.facts.limiter.take() {
        None => {
            exchange.to_limiter = Some((name, Call::Reset));
            Verdict::Need(Need::Limiter)
        }
        Some(Ok(Reply::Done)) => {
            if let Meant::Client(who) = &meant {
                isolate.with_purses(|purses| purses.forget(who));
            }
            let message = "What this client has spent is forgotten; isolates know it within two seconds.";
            let mut body = Object::default();
            body.text("message", message).text("client", &name);
            Verdict::Answer(Answer::Made(Made::json(200, body.to_json())))
        }
        Some(_) => Verdict::Answer(Answer::Problem(away())),
    }
}

impl Meant {
    fn name(&self, settings: &Settings) -> String {
        match self {
            Self::Client(who) => who.name(settings),
            Self::Hash(hash) => hash.clone(),
        }
    }
}

fn meant(exchange: &Exchange) -> Result<Meant, Problem> {
    let mut given = super::query(exchange).split('&').filter_map(|pair| pair.split_once('='));
    match given.find(|(name, _)| matches!(*name, "ip" | "hash")) {
        Some(("ip", text)) => {
            let text = decoded(text);
            let address =
                text.parse().map_err(|_| Problem::invalid(Place::Query, "ip", "must be an address"))?;
            Ok(Meant::Client(Who::Client(Client::Ip(client_network(address)))))
        }
        Some((_, hash)) if hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(Meant::Hash(hash.to_ascii_lowercase()))
        }
        Some(_) => Err(Problem::invalid(Place::Query, "hash", "must be the 32 hexadecimal digits of logs")),
        None => Err(Problem::invalid(Place::Query, "ip", "must be given, or hash")),
    }
}

fn told(name: &str, decision: &Decision) -> String {
    let mut windows = Object::default();
    for (usage, window) in decision.usage.iter().zip(Window::ALL) {
        let Usage { limit, used, more_in_ms } = *usage;
        let mut told = Object::default();
        told.number("limit", limit.into())
            .number("used", used.into())
            .number("remaining", usage.remaining().into())
            .number("more_in", seconds_up(more_in_ms).into());
        windows.json(window.name(), &told.to_json());
    }
    let mut body = Object::default();
    body.text("client", name).json("windows", &windows.to_json());
    body.to_json()
}

fn away() -> Problem {
    Problem::new(ErrorCode::LimiterUnavailable, "The client's limiter cannot be asked.").retry_after(1)
}
