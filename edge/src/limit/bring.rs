//! Tokens for a request whose purse has none: one request of a client asks the limiter, the others watch.

use super::{Outcome, Payment, ask, name, payers, put_back};
use crate::{background, exchange::Exchange, isolate::Isolate, platform, settings::Settings};
use std::{cell::Cell, rc::Rc, time::Duration};
use valora_shared::{
    config::OnFailure,
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
    let mut paid: Vec<Payment> = Vec::new();
    let mut outcome = None;
    for payer in payers(exchange, settings) {
        match obtain(isolate, settings, env, ctx, &payer, cost).await {
            Said::Paid(payment) => paid.push(payment),
            Said::Refused(decision) => outcome = Some(Outcome::Refused(decision)),
            Said::Away => outcome = Some(by_rule(settings.config.edge_rate.rate_limit_on_failure)),
        }
        if outcome.is_some() {
            put_back(isolate, &paid);
            break;
        }
    }
    exchange.facts.tokens = Some(outcome.unwrap_or(Outcome::Paid(paid)));
    exchange.spans.add("limit", from, platform::now());
}

fn by_rule(rule: OnFailure) -> Outcome {
    if rule == OnFailure::Closed { Outcome::Closed } else { Outcome::Open }
}

async fn obtain(
    isolate: &Rc<Isolate>,
    settings: &Settings,
    env: &worker::Env,
    ctx: &worker::Context,
    payer: &Payer,
    cost: u32,
) -> Said {
    let mut waiter = Waiter::default();
    let give_up = platform::now().after(WATCH_MS);
    let mut pause_ms = FIRST_LOOK_MS;
    loop {
        let now = platform::now();
        let look = isolate.with_purses(|purses| purses.of(&payer.who, now).look(now, cost, &mut waiter));
        let look = match look {
            Some(Look::Ask(number, asked)) => {
                ask_and_land(isolate, settings, env, ctx, payer, number, asked).await
            }
            Some(Look::Wait) if now < give_up => {
                worker::Delay::from(Duration::from_millis(pause_ms)).await;
                pause_ms = (pause_ms * 3 / 2).min(LAST_LOOK_MS);
                continue;
            }
            Some(look) => look,
            None => Look::Alone,
        };
        let now = platform::now();
        return match look {
            Look::Paid => Said::Paid(payment(isolate, payer, cost, now)),
            Look::Refused(decision) => Said::Refused(decision),
            Look::Alone | Look::Wait | Look::Ask(..) => alone(isolate, settings, payer, cost, now),
        };
    }
}

fn payment(isolate: &Isolate, payer: &Payer, cost: u32, now: UnixMillis) -> Payment {
    let known = isolate.with_purses(|purses| {
        let purse = purses.of(&payer.who, now);
        (purse.lease(), purse.shown(now).map(|shown| shown.usage))
    });
    let (lease, usage) = known.unwrap_or_default();
    Payment { who: payer.who.clone(), lease, cost, at: now, usage }
}

/// Decides without the limiter.
fn alone(isolate: &Isolate, settings: &Settings, payer: &Payer, cost: u32, now: UnixMillis) -> Said {
    if settings.config.edge_rate.rate_limit_on_failure != OnFailure::Local {
        return Said::Away;
    }
    let decided = isolate.with_purses(|purses| purses.decide_alone(&payer.who, now, cost, &payer.limits));
    match decided {
        Some(decision) if decision.is_admitted() => Said::Paid(Payment {
            who: payer.who.clone(),
            lease: 0,
            cost,
            at: now,
            usage: Some(decision.usage),
        }),
        Some(decision) => Said::Refused(decision),
        None => Said::Away,
    }
}

/// Asks the limiter. It lands whatever becomes of the request that asks, so that those who watch are not let down; and
/// what is left of the lease goes back before it ends.
async fn ask_and_land(
    isolate: &Rc<Isolate>,
    settings: &Settings,
    env: &worker::Env,
    ctx: &worker::Context,
    payer: &Payer,
    number: u32,
    asked: Ask,
) -> Look {
    let landed: Rc<Cell<Option<Look>>> = Rc::default();
    let (who, name, limits) = (payer.who.clone(), name(&payer.who, settings), payer.limits);
    let promise = background::begin({
        let (isolate, env, landed) = (Rc::clone(isolate), env.clone(), Rc::clone(&landed));
        let (who, name) = (who.clone(), name.clone());
        async move {
            let reply = ask::call(&env, &name, &Call::Ask(asked, limits)).await;
            let now = platform::now();
            let look = isolate.with_purses(|purses| {
                let purse = purses.of(&who, now);
                if let Ok(Reply::Granted(grant)) = &reply {
                    return purse.land(now, number, grant);
                }
                purse.fail(now, number);
                Look::Alone
            });
            landed.set(look);
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
    landed.get().unwrap_or(Look::Alone)
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
