//! Leases: tokens that an isolate may spend without asking again. The module's documentation says why they are safe.

use super::{Decision, Limits, MAX_LEASES, MAX_LIFE_MS, State, Verdict, state::Open};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// What an isolate asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What the asking request costs.
    pub cost: u32,
    /// How much it would like to have, with that.
    pub wish: u32,
    /// Milliseconds for which it will spend, counted from before it asked; more than [`MAX_LIFE_MS`] is taken for that.
    pub life_ms: u32,
    /// What it has left of the lease before.
    pub returned: Option<Return>,
    /// Whether its cost may come back as well, because somebody else pays too and may not have it.
    pub may_return_cost: bool,
}

/// What is left of a lease. An isolate says so at most once, and spends nothing of it from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Its number.
    pub id: u32,
    /// What was not spent.
    pub tokens: u32,
}

/// The answer to an [`Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whether the asking request goes through; what is used counts all of the lease.
    pub decision: Decision,
    /// The lease, if it does.
    pub lease: Option<Lease>,
    /// What other leases have out that may yet come back. With 0 the figures are exact.
    pub out: u32,
}

/// Tokens of one client in the hands of one isolate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its number, by which what is left comes back; 0 where the asking request takes all of it for good.
    pub id: u32,
    /// The asking request's cost and what there is to spare.
    pub tokens: u32,
    /// Milliseconds after it was asked for, at which it ends.
    pub life_ms: u32,
    /// When it ends by the limiter's clock, in milliseconds since 1970. For logs: isolates have other clocks.
    pub expires_at: i64,
}

/// Takes back what an isolate has left, and lends it what it needs and, up to its wish, a quarter of what remains.
///
/// Whoever calls stores the state before the grant leaves.
pub fn grant(state: &mut State, now: UnixMillis, ask: &Ask, limits: &Limits) -> Grant {
    if let Some(returned) = ask.returned {
        give_back(state, now, returned);
    }
    let at = state.advance(now);
    let verdict = state.verdict(now, ask.cost, limits);
    let out = state.lent();
    let lease = (verdict == Verdict::Admitted).then(|| {
        // The state is small only while few leases are out. Whoever comes then asks each time, and nothing comes back.
        let has_room = state.leases.len() < MAX_LEASES;
        let most = if has_room { state.room(limits) / 4 } else { 0 };
        let tokens = ask.wish.min(most).max(ask.cost);
        let life_ms = ask.life_ms.min(MAX_LIFE_MS);
        let expires_at = at + i64::from(life_ms);
        state.book(expires_at, tokens);
        let spare = if ask.may_return_cost && has_room { tokens } else { tokens - ask.cost };
        let id = state.lend(Open { expires_at, id: 0, spare });
        Lease { id, tokens, life_ms, expires_at }
    });
    Grant { decision: state.tell(now, verdict, limits), lease, out }
}

/// Takes back what is left of a lease, and says how much that was: nothing of a lease that is unknown, that has expired,
/// or of which something came back before.
pub fn give_back(state: &mut State, now: UnixMillis, returned: Return) -> u32 {
    state.advance(now);
    let Some(place) = state.leases.iter().position(|lease| lease.id == returned.id) else { return 0 };
    let lease = state.leases.swap_remove(place);
    let tokens = returned.tokens.min(lease.spare);
    state.unbook(lease.expires_at, tokens);
    tokens
}

impl State {
    /// What may yet come back of the leases that are out, as of the last call.
    pub fn lent(&self) -> u32 {
        self.leases.iter().fold(0, |lent, lease| lent.saturating_add(lease.spare))
    }

    /// Remembers a lease of which something may come back, and returns its number.
    fn lend(&mut self, lease: Open) -> u32 {
        if lease.spare == 0 || lease.expires_at <= self.newest {
            return 0;
        }
        self.last_lease = self.last_lease.wrapping_add(1).max(1);
        self.leases.reserve_exact(1);
        self.leases.push(Open { id: self.last_lease, ..lease });
        self.last_lease
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
