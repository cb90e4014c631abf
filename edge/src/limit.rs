//! The rate limit at the edge. What decides is `valora_shared::rate`; here an isolate holds a purse for each client it
//! has seen lately, has it filled by the client's own object, and answers alone while that cannot be asked.
//!
//! A request that finds tokens in its purse waits for nothing. One that does not asks the object, and the others of the
//! isolate watch ([`bring()`]).

mod ask;
mod bring;
#[cfg(feature = "fault-injection")]
pub mod faults;
pub mod object;
mod payers;
mod purses;
mod view;

pub use ask::{Away, BINDING, call};
pub use bring::bring;
pub use payers::{name, payers, policy};
pub use purses::Purses;
pub use view::{LimitView, Outcome, Payment, Source};

use crate::{exchange::Exchange, isolate::Isolate, platform, settings::Settings};
use valora_shared::{
    rate::{Decision, Look, Payer, Usage},
    time::UnixMillis,
};

/// The limiter that health checks ask; no client is called so.
pub const PROBED: &str = "health";

/// Pays from what is at hand, or says that a purse still knows of a refusal; nothing where somebody must be asked. What
/// was paid is in the outcome, and goes back if the request does not use it ([`put_back`]).
pub fn pay_at_hand(exchange: &Exchange, isolate: &Isolate, settings: &Settings) -> Option<Outcome> {
    let now = exchange.now_after_io();
    let cost = settings.config.rate.rate_limit_costs.of(&exchange.inbound.method, exchange.inbound.path());
    let payers: Vec<Payer> = payers(exchange, settings).collect();
    if let Some(decision) = kept_refusal(&payers, isolate, now, cost) {
        return Some(Outcome::Refused(decision));
    }
    let mut paid: Vec<Payment> = Vec::with_capacity(payers.len());
    for payer in payers {
        let look = isolate.with_purses(|purses| {
            let purse = purses.known(&payer.who)?;
            let look = purse.at_hand(now, cost)?;
            Some((look, purse.lease(), purse.shown(now).map(|shown| shown.usage)))
        });
        let Some((Look::Paid, lease, usage)) = look.flatten() else {
            put_back(isolate, &paid);
            return None;
        };
        paid.push(Payment { who: payer.who, from: Source::Lease(lease), cost, at: now, usage });
    }
    Some(Outcome::Paid(paid))
}

/// What is known of refusals, of several the longest. It is looked for before anybody pays: a token that is asked for in
/// vain does not come back.
fn kept_refusal(payers: &[Payer], isolate: &Isolate, now: UnixMillis, cost: u32) -> Option<Decision> {
    let kept = payers.iter().filter_map(|payer| {
        isolate.with_purses(|purses| purses.known(&payer.who)?.refusal(now, cost)).flatten()
    });
    kept.max_by_key(|decision| decision.verdict.wait_ms())
}

/// Puts back what was paid and not used.
pub fn put_back(isolate: &Isolate, paid: &[Payment]) {
    for payment in paid {
        isolate.with_purses(|purses| match payment.from {
            Source::Lease(lease) => {
                if let Some(purse) = purses.known(&payment.who) {
                    purse.put_back(lease, payment.cost);
                }
            }
            Source::Alone(booking) => purses.take_back(&payment.who, booking),
        });
    }
}

/// How the windows of a request's client stand, as far as this isolate knows.
pub fn usage(exchange: &Exchange, isolate: &Isolate) -> Option<[Usage; 3]> {
    if let Some(usage) = exchange.limit.usage() {
        return Some(usage);
    }
    if isolate.with_purses(|purses| purses.is_empty()).unwrap_or(true) {
        return None;
    }
    let Some(Ok(settings)) = isolate.settings() else { return None };
    let payer = payers(exchange, settings).next()?;
    let now = exchange.now_after_io();
    let shown = isolate.with_purses(|purses| purses.known(&payer.who)?.shown(now));
    let usage = shown.flatten()?.usage;
    // Where something has come back since, how much that was is not known.
    let is_known = usage.iter().all(|usage| usage.used == 0 || usage.more_in_ms > 0);
    is_known.then_some(usage)
}

/// What logs call the client of a request.
pub(crate) fn client_name(exchange: &Exchange, settings: &Settings) -> Option<String> {
    payers(exchange, settings).next().map(|payer| name(payer.who.whose(), settings))
}

/// Writes that a request would have been refused.
pub(crate) fn log_shadow(exchange: &Exchange, settings: &Settings) {
    let mut line = platform::line("warn", "the rate limit would refuse");
    line.maybe_text("client", client_name(exchange, settings).as_deref());
    line.text("correlation_id", exchange.correlation_id.as_str()).text("path", exchange.inbound.path());
    platform::log(&line);
}
