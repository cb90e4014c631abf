//! How much a client may ask for: three sliding windows, all or nothing, the same rule in the limiter's object, in
//! Redis and in memory (design: rate-limit.md; tests/vectors/rate/ holds all of them to the same answers).
//!
//! A client's [`State`] counts what was spent by bucket: 1 s for the minute, 1 min for the hour, 15 min for the day.
//! [`step()`] admits a cost if in each window it fits beside what counts there, and then counts it in all of them;
//! a refused request costs nothing. An isolate of the edge takes a [`Lease`] by [`grant()`] and spends it by its
//! [`Purse`] without asking again. Time is told by the caller, and nothing here knows whose state it is.
//!
//! # What is guaranteed
//!
//! Let *W* be a window's length, *B* its bucket's, *n* = *W*/*B*, and *b*(*t*) = ⌊*t*/*B*⌋ the bucket of a time. What is
//! spent is *booked* at a time τ, that is counted in bucket *b*(τ): by `step` at the time it is asked, by `grant` all of
//! the lease at its expiry. At time *g* all bookings count whose bucket is *b*(*g*) − *n* or later, those ahead of *g*
//! included, and a cost is admitted only if with it they are no more than the limit. No bucket that may still count is
//! forgotten, because the time that holds, `max(now, newest seen)`, never goes back.
//!
//! **Lemma.** What is booked at τ ≥ *g* − *W* counts at *g*: *b*(τ) ≥ *b*(*g* − *W*) = *b*(*g*) − *n*, as *W* is *n* whole
//! buckets. So a request at 0.9 s counts for one at 60.0 s (bucket 60 − 60 = 0), and for one at 60.9 s, which is a
//! window's length later to the millisecond; at 61.0 s it counts no more.
//!
//! **Alone, never too many.** In any window [*x*, *x* + *W*], both ends included, let *g* be the time of the last
//! admission. All others in it came before and are booked at *x* ≥ *g* − *W* or later. So they counted at *g*, and all
//! together are no more than the limit.
//!
//! **With leases, never too many.** A lease is granted at *g*, booked at its expiry *e* ≤ *g* + 2 s, and spent at times
//! *s* with *g* ≤ *s* ≤ *e*. Take the spends of any window [*x*, *x* + *W*] and, of the leases they come from, the one
//! granted last, at *g*. Some spend of it lies in the window, so *g* ≤ *x* + *W*. Each other lease, expiring at *e*′, was
//! granted before, and some spend *s*′ of it lies in the window, so *e*′ ≥ *s*′ ≥ *x* ≥ *g* − *W*: by the lemma all of it
//! counted at *g*. So what all of them may spend is no more than the limit. (This is why a lease is booked at its
//! **expiry**: booked at its grant, tokens taken at 0 s and spent at 1.9 s would be forgotten at 61 s, while their window
//! lasts until 61.9 s.) A plain step is a lease that is granted, spent and expires at once, so both may be mixed.
//! Tokens that come back were not spent and will not be, once each, so that what is booked is never less than what is
//! spent. A grant that is lost on its way stays booked.
//!
//! **Too few, by at most one bucket.** What counts at *g* is booked after *g* − *W* − *B*. So whatever is refused would
//! also be refused by an exact log of the same bookings for a window one bucket longer. Leases make it less by what is
//! out, and by the time from a spend to its lease's expiry.
//!
//! **Retry-After is true.** Without further bookings what counts only becomes less, one bucket after another, so the
//! wait is until enough of them have left in the window where that takes longest: then the cost fits, and with no lease
//! out not a millisecond earlier. (A lease's unspent tokens that come back make it fit earlier.)
//!
//! # Clocks
//!
//! All of this is in the limiter's own time. Against true time:
//!
//! - **Offset between clocks**: none matters. An isolate counts a duration: it spends from the time it asked, *before*
//!   the ask left, until [`STOP_MS`] before the life is over; the limiter counts the same life from when the ask
//!   *arrived*, which is later. The 100 ms are for clocks that run unevenly or stand still, as a Worker's does between two
//!   of its I/Os.
//! - **Step back** of the limiter's clock, or a restart on a machine whose clock is behind: the time that holds stands
//!   still until the clock has caught up. Between any two moments less of it passes than truly does, so nothing is
//!   forgotten too early. A client is refused for longer, at most by the step, and its Retry-After says so.
//! - **Step back** of an isolate's clock during a lease: the purse goes on from the latest time it saw; what of the step
//!   it cannot see is covered up to the 100 ms.
//! - **Step forward** of the limiter's clock by δ: windows that contain the step, or begin with a lease that it fell
//!   into, are truly shorter by δ; at most the limit is spent in any *W* − δ. That no clock steps forward by more than a
//!   bucket is an assumption, not something that can be seen from inside. The rings have no bucket to spare for such a
//!   step: it would be one more too few at all other times. A clock that was wrong by years is what [`State::reset`] is
//!   for.

mod bytes;
mod costs;
mod decision;
mod headers;
mod lease;
mod message;
mod named;
mod network;
mod payer;
mod policy;
mod purse;
mod queue;
mod quota;
mod refused;
mod ring;
mod state;
mod step;
mod tiers;
mod window;

pub use costs::Costs;
pub use decision::{Decision, Refusal, Usage, Verdict, Windows, seconds_up};
pub use headers::{LIMIT, POLICY, RATELIMIT, REMAINING, ratelimit_text, remaining_texts};
pub use lease::{Ask, Grant, Lease, Return, give_back, grant};
pub use message::{Call, Reply};
pub use named::Named;
pub use network::{Exempt, is_probe, is_watched};
pub use payer::{Payer, Who};
pub use policy::Policy;
pub use purse::{ASK_MS, FAILED_MS, GIVE_BACK_MS, Look, Purse, STOP_MS, Shown};
pub use queue::Waiter;
pub use quota::{CurrentUsage, PROBLEM_TYPE, QuotaExceeded};
pub use refused::Refused;
pub use state::State;
pub use step::{Booking, book, book_again, book_on_failure, peek, step, take_back};
pub use tiers::Tiers;
pub use window::{Limits, Window};

/// No lease lives longer: so far ahead of now the rings reach.
pub const MAX_LIFE_MS: u32 = 2_000;
/// While so many leases of a client have something to come back, nobody is lent more than it needs: each takes 16 bytes
/// of a state that must stay under 1 KiB.
pub const MAX_LEASES: usize = 12;
