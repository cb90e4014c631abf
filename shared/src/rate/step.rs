//! One request: all windows or none.

use super::{Decision, Limits, State, Verdict};
use crate::time::UnixMillis;

/// What a [`step()`] has spent, by which it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    at: i64,
    cost: u32,
}

/// Spends `cost` in all windows if it fits in all of them, else nothing.
pub fn step(state: &mut State, now: UnixMillis, cost: u32, limits: &Limits) -> Decision {
    book(state, now, cost, limits).0
}

/// [`step()`] for a request of which somebody else has to admit it as well: what was spent, if it was, goes back by
/// [`take_back`] where that one refuses.
pub fn book(state: &mut State, now: UnixMillis, cost: u32, limits: &Limits) -> (Decision, Option<Booking>) {
    let at = state.advance(now);
    let verdict = state.verdict(now, cost, limits);
    let booking = (verdict == Verdict::Admitted).then(|| {
        state.book(at, cost);
        Booking { at, cost }
    });
    (state.tell(now, verdict, limits), booking)
}

/// Takes back what was spent on a request that did not go through; nothing where that is forgotten by now. Where an admin
/// has reset the client since, what comes back is of those who spent in the same buckets.
pub fn take_back(state: &mut State, booking: Booking) {
    state.unbook(booking.at, booking.cost);
}

/// Spends once more, whatever fits, what was spent in a state that has been forgotten since.
pub fn book_again(state: &mut State, booking: Booking) {
    let at = state.advance(UnixMillis(booking.at));
    state.book(at, booking.cost);
}

/// What [`step`] would say, with nothing spent: an admitted cost is not among what is used.
pub fn peek(state: &State, now: UnixMillis, cost: u32, limits: &Limits) -> Decision {
    let mut state = state.clone();
    state.advance(now);
    state.tell(now, state.verdict(now, cost, limits), limits)
}

/// [`book`] in a window of this isolate alone, while the limiter cannot be asked: with the limits of
/// [`Limits::on_failure`].
///
/// What costs more than these, but not more than `limits`, takes all that they allow: a login that costs 10 of 60 would
/// else be shut out for as long as the limiter is.
pub fn book_on_failure(
    state: &mut State,
    now: UnixMillis,
    cost: u32,
    limits: &Limits,
) -> (Decision, Option<Booking>) {
    let local = limits.on_failure();
    let fits = cost <= limits.minute && cost <= limits.hour && cost <= limits.day;
    let most = local.minute.min(local.hour).min(local.day);
    book(state, now, if fits { cost.min(most) } else { cost }, &local)
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
