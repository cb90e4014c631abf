//! `POST /internal/v1/events`: what the origin tells. Signed or nothing; the Hub takes a delivery in one call, or
//! nothing of it is acknowledged.
//!
//! 200 with the receipt · 400 no delivery · 401 not signed, wrongly, too long ago, or received before · 405 another
//! method · 413 too long · 503 the Hub is away; the origin sends it again, under another nonce.

use crate::{
    answer::{Answer, Made},
    exchange::{DeliveryBody, DeliveryFact, Exchange},
    isolate::Isolate,
    pipeline::{Need, Verdict},
    settings::Settings,
};
use valora_shared::{
    cache::target_of,
    events,
    hub::{Call, Delivered, Reply, visible_by},
    problem::{ErrorCode, Problem},
    time::UnixMillis,
    trust::{Message, Nonce, Profile, Refused, verify},
};

/// The longest delivery: room for 500 events of 2 KiB. The origin's have some hundred bytes each.
pub const MAX_BYTES: u64 = 1 << 20;

/// Seconds after which the origin may try again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Takes a delivery. Everything else under `/internal` ends here, too.
pub fn receive(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let path = exchange.inbound.path();
    if path != events::PATH {
        let is_internal = path == "/internal" || path.starts_with("/internal/");
        let missing = || Problem::new(ErrorCode::RouteNotFound, "There is nothing at this path.");
        return if is_internal { Verdict::Answer(Answer::Problem(missing())) } else { Verdict::Next };
    }
    if exchange.inbound.method != "POST" {
        return Verdict::Answer(Answer::NotAllowed("POST"));
    }
    let Some(Ok(settings)) = isolate.settings() else { return Verdict::Next };
    if let Some(outcome) = exchange.facts.hub.take() {
        return Verdict::Answer(match (outcome, exchange.receipt.take()) {
            (Ok(Reply::Taken { epoch, at_ms }), Some(mut receipt)) => {
                receipt.epoch = epoch;
                let max_age_ms = settings.config.cache.cache_epoch_max_age_ms.get();
                receipt.visible_by = Some(visible_by(UnixMillis(at_ms), max_age_ms));
                Answer::Made(Made::json(200, receipt.to_json()))
            }
            (Ok(Reply::Replayed), _) => {
                let detail = "This signed request was received before.";
                Answer::Problem(Problem::new(ErrorCode::SignatureReplayed, detail))
            }
            _ => Answer::Problem(hub_away()),
        });
    }
    let Some(delivery) = exchange.facts.delivery.take() else { return Verdict::Need(Need::Delivery) };
    match read(settings, exchange, &delivery) {
        Ok((delivered, receipt)) => {
            exchange.receipt = Some(receipt);
            exchange.to_hub = Some(Call::Take(delivered));
            Verdict::Need(Need::Hub)
        }
        Err((reason, problem)) => {
            exchange.reason = Some(reason);
            Verdict::Answer(Answer::Problem(problem))
        }
    }
}

/// The Hub did not answer: nothing was acknowledged.
pub fn hub_away() -> Problem {
    Problem::new(ErrorCode::HubUnavailable, "The edge's Hub does not answer.")
        .retry_after(RETRY_AFTER_SECONDS)
}

/// Signature first: nothing of an unsigned body is looked at, and nobody is told why theirs is refused.
fn read(
    settings: &Settings,
    exchange: &Exchange,
    delivery: &DeliveryFact,
) -> Result<(Delivered, events::Receipt), (String, Problem)> {
    let unsigned = |refused: Refused| {
        let problem = Problem::new(ErrorCode::Unauthorized, "The request is not signed by the origin.");
        (format!("a delivery: {refused}"), problem)
    };
    let body = match &delivery.body {
        DeliveryBody::Read(body) => body.as_slice(),
        DeliveryBody::TooLarge => return Err(("too long".to_owned(), Problem::too_large(MAX_BYTES))),
        DeliveryBody::Absent => return Err(unsigned(Refused::Unsigned)),
    };
    let nonce = signed_nonce(settings, exchange, delivery, body).map_err(unsigned)?;
    let no_delivery = |error: String| {
        let detail = format!("The body is no delivery: {error}.");
        (error, Problem::new(ErrorCode::BadRequest, detail))
    };
    let text = std::str::from_utf8(body).map_err(|error| no_delivery(error.to_string()))?;
    let delivery = events::parse(text).map_err(|error| no_delivery(error.to_string()))?;
    Ok(Delivered::sort(nonce.as_str(), delivery))
}

fn signed_nonce(
    settings: &Settings,
    exchange: &Exchange,
    delivery: &DeliveryFact,
    body: &[u8],
) -> Result<Nonce, Refused> {
    let keys = settings.keys.as_ref().ok_or(Refused::UnknownKey)?;
    let target = target_of(&exchange.inbound.url).unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    // Where the sender's own correlation id is no valid one, ours differs from what it has signed.
    let message = Message {
        method: &exchange.inbound.method,
        path,
        query,
        client: None,
        correlation_id: &exchange.correlation_id,
        body: Some(body),
    };
    let (input, signature) = (delivery.signature_input.as_deref(), delivery.signature.as_deref());
    let now = exchange.now_after_io().0.div_euclid(1_000);
    verify(Profile::OriginToEdge, &message, input, signature, keys, now)?.nonce.ok_or(Refused::Nonce)
}
