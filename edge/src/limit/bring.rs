//! Tokens for a request whose purse has none: one request of a client asks the limiter, the others watch.

use super::{Outcome, Payment, Source, ask, name, payers, put_back};
use crate::{background, exchange::Exchange, isolate::Isolate, platform, settings::Settings};
use std::{cell::Cell, rc::Rc, time::Duration};
use valora_shared::{
    config::{OnFailure, RateMode},
    rate::{ASK_MS, Ask, Call, Decision, Look, Payer, Reply, Waiter, Who},
    time::UnixMillis,
};
use wasm_bindgen_futures::JsFuture;

/// Those who watch look so often, in milliseconds: soon at first, then more seldom.
const FIRST_LOOK_MS: u64 = 3;
const LAST_LOOK_MS: u64 = 40;
/// Nobody watches longer: whoever asks has [`ASK_MS`], and so has the one who takes over.
const WATCH_MS: i64 = 2 * ASK_MS + 500;

/// What one payer said.
enum Said {
    Paid(Payment),
    Refused(Decision),
    Away,
}

/// Brings what came of it into the exchange's facts.
pub async fn bring(exchange: &mut Exchange, isolate: &Rc<Isolate>, env: &worker::Env, ctx: &worker::Context) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    let from = platform::now();
    let cost = settings.config.rate.rate_limit_costs.of(&exchange.inbound.method, exchange.inbound.path());
    let payers: Vec<Payer> = payers(exchange, settings).collect();
    let (mut paid, mut refused, mut is_away) = (Vec::new(), None::<Decision>, false);
    // The ceiling first: it seldom refuses, and what a client of it puts back others may have. All are asked, as whoever
    // is refused has to wait for the last of them.
    for payer in payers.iter().rev() {
        match obtain(isolate, settings, env, ctx, payer, waiter(&payers), cost).await {
            Said::Paid(payment) => paid.push(payment),
            Said::Refused(decision) => {
                let longer = |known: &Decision| known.verdict.wait_ms() > decision.verdict.wait_ms();
                refused = refused.filter(longer).or(Some(decision));
            }
            Said::Away => is_away = true,
        }
    }
    let outcome = match refused {
        Some(decision) => Outcome::Refused(decision),
        None if is_away => by_rule(settings),
        None => {
            // As the payers stand: the client first.
            paid.reverse();
            Outcome::Paid(std::mem::take(&mut paid))
        }
    };
    put_back(isolate, &paid);
    exchange.facts.tokens = Some(outcome);
    exchange.spans.add("limit", from, platform::now());
}

fn waiter(payers: &[Payer]) -> Waiter {
    if payers.len() > 1 { Waiter::with_others() } else { Waiter::default() }
}

fn by_rule(settings: &Settings) -> Outcome {
    let is_closed = settings.config.edge_rate.rate_limit_on_failure == OnFailure::Closed;
    // A shadow refuses nothing.
    let binds = settings.config.rate.rate_limit_mode == RateMode::Enforce;
    if is_closed && binds { Outcome::Closed } else { Outcome::Open }
}

async fn obtain(
    isolate: &Rc<Isolate>,
    settings: &Settings,
    env: &worker::Env,
    ctx: &worker::Context,
    payer: &Payer,
    mut waiter: Waiter,
    cost: u32,
) -> Said {
    let give_up = platform::now().after(WATCH_MS);
    let mut pause_ms = FIRST_LOOK_MS;
    loop {
        let now = platform::now();
        let looked = isolate.with_purses(|purses| {
            let purse = purses.of(&payer.who, now);
            (purse.look(now, cost, &mut waiter), purse.lease())
        });
        let (look, lease) = match looked {
            Some((Look::Ask(number, asked), _)) => {
                ask_and_land(isolate, settings, env, ctx, payer, number, asked).await
            }
            Some((Look::Wait, _)) if now < give_up => {
                worker::Delay::from(Duration::from_millis(pause_ms)).await;
                pause_ms = (pause_ms * 3 / 2).min(LAST_LOOK_MS);
                continue;
            }
            Some(looked) => looked,
            None => (Look::Alone, 0),
        };
        let now = platform::now();
        return match look {
            Look::Paid => {
                let shown = isolate.with_purses(|purses| purses.known(&payer.who)?.shown(now)).flatten();
                let usage = shown.map(|shown| shown.usage);
                let from = Source::Lease(lease);
                Said::Paid(Payment { who: payer.who.clone(), from, cost, at: now, usage })
            }
            Look::Refused(decision) => Said::Refused(decision),
            Look::Alone | Look::Wait | Look::Ask(..) => alone(isolate, settings, payer, cost, now),
        };
    }
}

/// Decides without the limiter.
fn alone(isolate: &Isolate, settings: &Settings, payer: &Payer, cost: u32, now: UnixMillis) -> Said {
    if settings.config.edge_rate.rate_limit_on_failure != OnFailure::Local {
        return Said::Away;
    }
    let decided = isolate.with_purses(|purses| purses.decide_alone(&payer.who, now, cost, &payer.limits));
    match decided {
        Some((decision, Some(booking))) => Said::Paid(Payment {
            who: payer.who.clone(),
            from: Source::Alone(booking),
            cost,
            at: now,
            usage: Some(decision.usage),
        }),
        Some((decision, None)) => Said::Refused(decision),
        None => Said::Away,
    }
}

/// Asks the limiter; with what the asking request does next, from which lease it has paid. It lands whatever becomes of
/// that request, so that those who watch are not let down; and what is left of the lease goes back before it ends.
async fn ask_and_land(
    isolate: &Rc<Isolate>,
    settings: &Settings,
    env: &worker::Env,
    ctx: &worker::Context,
    payer: &Payer,
    number: u32,
    asked: Ask,
) -> (Look, u32) {
    let landed: Rc<Cell<Option<(Look, u32)>>> = Rc::default();
    let (who, name, limits) = (payer.who.clone(), name(&payer.who, settings), payer.limits);
    let purse_number = isolate.with_purses(|purses| purses.number(&who)).unwrap_or_default();
    let promise = background::begin({
        let (isolate, env, landed) = (Rc::clone(isolate), env.clone(), Rc::clone(&landed));
        let (who, name) = (who.clone(), name.clone());
        async move {
            let reply = ask::call(&env, &name, &Call::Ask(asked, limits)).await;
            let now = platform::now();
            let look = isolate.with_purses(|purses| {
                let purse = purses.same(&who, purse_number)?;
                if let Ok(Reply::Granted(grant)) = &reply {
                    return Some((purse.land(now, number, grant), purse.lease()));
                }
                purse.fail(now, number);
                None
            });
            landed.set(look.flatten());
        }
    });
    background::wait_until(ctx, {
        let (isolate, env, promise) = (Rc::clone(isolate), env.clone(), promise.clone());
        async move {
            let _ = JsFuture::from(promise).await;
            give_back(&isolate, &env, &who, &name).await;
        }
    });
    let _ = JsFuture::from(promise).await;
    landed.get().unwrap_or((Look::Alone, 0))
}

/// Waits until a lease is nearly over, and gives back what is left of it.
async fn give_back(isolate: &Isolate, env: &worker::Env, who: &Who, name: &str) {
    let due = isolate.with_purses(|purses| purses.known(who)?.gives_back(platform::now())).flatten();
    let Some((id, ms)) = due else { return };
    worker::Delay::from(Duration::from_millis(u64::from(ms))).await;
    let returned = isolate.with_purses(|purses| purses.known(who)?.give_back(platform::now(), id)).flatten();
    if let Some(returned) = returned {
        // If it does not arrive the tokens stay spent.
        let _ = ask::call(env, name, &Call::GiveBack(returned)).await;
    }
}
