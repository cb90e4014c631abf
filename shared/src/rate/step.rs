//! One request: all windows or none.

use super::{Decision, Limits, State};
use crate::time::UnixMillis;

/// Spends `cost` in all windows if it fits in all of them, else nothing.
pub fn step(state: &mut State, now: UnixMillis, cost: u32, limits: &Limits) -> Decision {
    let at = state.advance(now);
    let verdict = state.verdict(now, cost, limits);
    if verdict == super::Verdict::Admitted {
        state.book(at, cost);
    }
    state.tell(now, verdict, limits)
}

/// What [`step`] would say, with nothing spent: an admitted cost is not among what is used.
pub fn peek(state: &State, now: UnixMillis, cost: u32, limits: &Limits) -> Decision {
    let mut state = state.clone();
    state.advance(now);
    state.tell(now, state.verdict(now, cost, limits), limits)
}

/// [`step`] in a window of this isolate alone, while the limiter cannot be asked: with the limits of
/// [`Limits::on_failure`].
///
/// What costs more than these, but not more than `limits`, takes all that they allow: a login that costs 10 of 60 would
/// else be shut out for as long as the limiter is.
pub fn step_on_failure(state: &mut State, now: UnixMillis, cost: u32, limits: &Limits) -> Decision {
    let local = limits.on_failure();
    let fits = cost <= limits.minute && cost <= limits.hour && cost <= limits.day;
    let most = local.minute.min(local.hour).min(local.day);
    step(state, now, if fits { cost.min(most) } else { cost }, &local)
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
