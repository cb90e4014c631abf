//! A client's state, as its limiter finds it in storage, and what becomes of it by calls at any time.

use valora_shared::rate::{Ask, Call, Limits, Reply, Return, State};
use valora_shared::time::UnixMillis;

use super::{Target, equal, holds};

/// The first byte says how many calls follow, [`CALL`] bytes each; behind them is the state.
pub(super) const TARGET: Target = Target {
    name: "limiter-state",
    dictionary: &["\x01", "\x01\x01", "\0\0\0", "\x3c", "\x7f", "\u{ffff}"],
    check,
};

/// A state always takes less: the limiter stores one at each call.
const TOO_MANY_BYTES: usize = 1_024;
const MOST_CALLS: u8 = 8;
/// A time, the kind of call, and seven numbers.
const CALL: usize = 8 + 1 + 7 * 4;

fn check(input: &[u8]) -> Result<(), String> {
    let mut rest = input;
    let calls = take(&mut rest, 1).first().map_or(0, |count| count % MOST_CALLS);
    let calls: Vec<&[u8]> = (0..calls).map(|_| take(&mut rest, CALL)).collect();
    let Some(mut state) = State::from_bytes(rest) else { return Ok(()) };
    holds("what is read is written back", state.to_bytes() == rest)?;
    for bytes in calls {
        let (now, call) = call(bytes);
        answer(&mut state, now, &call)?;
        is_stored(&state)?;
    }
    Ok(())
}

fn answer(state: &mut State, now: UnixMillis, call: &Call) -> Result<(), String> {
    let before = state.clone();
    match (call, state.answer(call, now)) {
        (Call::Ask(ask, limits), Reply::Granted(grant)) => {
            let usage = grant.decision.usage;
            holds("no limit is above the highest", usage.iter().all(|usage| usage.limit <= Limits::MOST))?;
            holds("who is admitted has a lease", grant.lease.is_some() == grant.decision.is_admitted())?;
            let Some(lease) = grant.lease.filter(|_| ask.cost > 0) else { return Ok(()) };
            let wished = ask.cost..=ask.wish.max(ask.cost);
            holds("a lease pays for who asks, and is no more than wished", wished.contains(&lease.tokens))?;
            let affordable = limits.minute.min(limits.hour).min(limits.day);
            holds("what costs more than a limit is never admitted", ask.cost <= affordable)?;
            holds("no more is lent than there is", usage.iter().all(|usage| usage.used <= usage.limit))
        }
        (Call::Look(_), Reply::Seen(_)) => equal("looking changes nothing", state, &before),
        (Call::GiveBack(_), Reply::Done) => Ok(()),
        (Call::Reset, Reply::Done) => holds("nothing counts behind a reset", state.forgotten_at().is_none()),
        (call, reply) => Err(format!("{reply:?} is no answer to {call:?}")),
    }
}

fn is_stored(state: &State) -> Result<(), String> {
    let bytes = state.to_bytes();
    holds("a state is small", bytes.len() < TOO_MANY_BYTES)?;
    let again = State::from_bytes(&bytes).map(|state| state.to_bytes());
    equal("what is written is read again", &again, &Some(bytes))
}

fn call(mut bytes: &[u8]) -> (UnixMillis, Call) {
    let rest = &mut bytes;
    let now = UnixMillis(take(rest, 8).iter().fold(0, |time, byte| time << 8 | i64::from(*byte)));
    let kind = take(rest, 1).first().map_or(0, |kind| kind % 5);
    let mut number = || take(rest, 4).iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    let limits = Limits { minute: number(), hour: number(), day: number() };
    let (cost, wish, life_ms, id) = (number(), number(), number(), number());
    let returned = Return { id, tokens: wish };
    let call = match kind {
        0 => Call::Ask(Ask { cost, wish, life_ms, returned: None, may_return_cost: false }, limits),
        1 => Call::Ask(Ask { cost, wish, life_ms, returned: Some(returned), may_return_cost: true }, limits),
        2 => Call::GiveBack(returned),
        3 => Call::Look(limits),
        _ => Call::Reset,
    };
    (now, call)
}

/// So many bytes, or as many as there are.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count.min(bytes.len()));
    *bytes = rest;
    taken
}
