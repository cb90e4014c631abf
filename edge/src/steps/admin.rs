//! Admin routes: closed, in whatever spelling, to all but admins, and answered here where they are the edge's own.
//!
//! An admin's credential is believed only when the Hub, asked in this request, has nothing against it: 401 without a
//! valid credential, 403 for a valid one without the role, 503 when the Hub does not answer. What passes goes on to
//! the origin with its Authorization, and the origin checks it again.
//!
//! An edge that knows no admins at all (neither `ADMIN_TOKEN` nor `JWT_PUBLIC_KEYS`) answers its own routes with 401
//! and leaves the others to the origin.

mod cache;
mod ratelimit;

use crate::{
    answer::{Answer, Made},
    audit,
    credentials::Presented,
    exchange::{AdminVisit, Exchange},
    isolate::Isolate,
    pipeline::{Need, Verdict},
    settings::Settings,
    steps::events::hub_away,
};
use valora_shared::{
    cache::target_of,
    http::below_admin,
    hub::{Call, Page, Record, Reply},
    json::{Object, list, quoted},
    problem::{ErrorCode, Problem},
    time::UnixMillis,
};

/// First segments below `/api/admin` that never reach the origin (design: http.md).
const OWN: [&str; 5] = ["cache", "ratelimit", "security", "audit", "explain"];

/// Lets admins through and nobody else.
pub fn guard(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let Some(below) = below_admin(exchange.inbound.path()) else { return Verdict::Next };
    let Some(Ok(settings)) = isolate.settings() else { return Verdict::Next };
    let is_own = below.is_some_and(|segment| OWN.contains(&segment.as_str()));
    if !is_own && !settings.verifier.knows_admins() {
        return Verdict::Next;
    }
    let Some(presented) = exchange.facts.credential.clone() else { return Verdict::Need(Need::Credential) };
    let seen = AdminVisit { who: presented.name(), is_admitted: false, is_recorded: false };
    let visit = exchange.admin.get_or_insert(seen);
    if !visit.is_admitted
        && let Some(verdict) = admit(exchange, &presented)
    {
        return verdict;
    }
    if is_own { own(exchange, isolate, settings) } else { Verdict::Next }
}

/// Nothing once the request is admitted.
fn admit(exchange: &mut Exchange, presented: &Presented) -> Option<Verdict> {
    let refuse = |exchange: &mut Exchange, reason: &str, problem: Problem| {
        exchange.reason = Some(reason.to_owned());
        Some(Verdict::Answer(Answer::Problem(problem)))
    };
    let invalid = || Problem::new(ErrorCode::Unauthorized, "The credential is not valid.");
    match presented {
        Presented::Nothing => {
            let detail = "This needs a credential: send Authorization: Bearer.";
            return refuse(exchange, "no credential", Problem::new(ErrorCode::Unauthorized, detail));
        }
        Presented::Invalid(reason) => return refuse(exchange, reason, invalid()),
        _ if !presented.is_admin() => {
            return refuse(
                exchange,
                "not an admin",
                Problem::new(ErrorCode::Forbidden, "This is for admins."),
            );
        }
        _ => {}
    }
    match exchange.facts.hub.take() {
        None => {
            exchange.to_hub = Some(Call::Check { subject: presented.subject() });
            Some(Verdict::Need(Need::Hub))
        }
        Some(Ok(Reply::NotBefore(Some(at)))) if presented.is_revoked_by(UnixMillis(at)) => {
            refuse(exchange, "the token is revoked", invalid())
        }
        Some(Ok(Reply::NotBefore(_))) => {
            if let Some(visit) = &mut exchange.admin {
                visit.is_admitted = true;
            }
            None
        }
        Some(_) => refuse(exchange, "the Hub is away", hub_away()),
    }
}

/// The edge's own routes, for an admin.
fn own(exchange: &mut Exchange, isolate: &Isolate, settings: &Settings) -> Verdict {
    match exchange.inbound.path() {
        "/api/admin/audit" => records(exchange, settings),
        "/api/admin/cache/stats" => cache::stats(exchange),
        "/api/admin/cache/clear" => cache::clear(exchange, settings),
        "/api/admin/ratelimit/client" => ratelimit::client(exchange, settings),
        "/api/admin/ratelimit/reset" => ratelimit::reset(exchange, isolate, settings),
        _ => {
            let detail = "There is nothing at this path.";
            Verdict::Answer(Answer::Problem(Problem::new(ErrorCode::RouteNotFound, detail)))
        }
    }
}

/// The query without its question mark.
fn query(exchange: &Exchange) -> &str {
    let query = target_of(&exchange.inbound.url).and_then(|target| target.split_once('?'));
    query.map_or("", |(_, query)| query)
}

fn records(exchange: &mut Exchange, settings: &Settings) -> Verdict {
    if !matches!(exchange.inbound.method.as_str(), "GET" | "HEAD") {
        return Verdict::Answer(Answer::NotAllowed("GET, HEAD"));
    }
    let page = match Page::parse(query(exchange)) {
        Ok(page) => page,
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    match exchange.facts.hub.take() {
        None => {
            // The reading is an admin action itself: it is recorded before it is answered.
            let who = exchange.admin.as_ref().map_or("", |visit| &visit.who);
            let entry = audit::entry(settings, exchange, who, 200);
            exchange.to_hub = Some(Call::Records { entry, limit: page.limit, before: page.before });
            Verdict::Need(Need::Hub)
        }
        Some(Ok(Reply::Records { records, has_more, chain_ok })) => {
            if let Some(visit) = &mut exchange.admin {
                visit.is_recorded = true;
            }
            let next =
                records.last().map(|oldest: &Record| quoted(&oldest.id.to_string())).filter(|_| has_more);
            let records: Vec<String> = records.iter().map(Record::to_json).collect();
            let mut body = Object::default();
            body.json("records", &list(&records)).json("next_cursor", next.as_deref().unwrap_or("null"));
            body.bool("chain_ok", chain_ok);
            Verdict::Answer(Answer::Made(Made::json(200, body.to_json())))
        }
        Some(_) => Verdict::Answer(Answer::Problem(hub_away())),
    }
}
