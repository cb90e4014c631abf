//! What the requests cost that wait for an answer, so that the next lease is large enough for all of them.
//!
//! A request that waits may be cancelled without a word. So each counts only for the round (an ask and its answer) in
//! which it last looked, and for the one after that: what is never heard of again is gone two rounds later.

/// The costs of those that wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Queue {
    round: u32,
    /// Of those who have looked in this round.
    current: u32,
    /// Of those who have looked in the round before, and not since.
    before: u32,
}

/// One request's place; a new one for each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiter {
    /// The round in which it last looked, if it waits.
    round: Option<u32>,
    may_put_back: bool,
}

impl Waiter {
    /// That of a request which somebody else pays for as well: what it has paid comes back where that one may not.
    pub fn with_others() -> Self {
        Self { may_put_back: true, ..Self::default() }
    }

    /// Whether what it pays may come back.
    pub(super) fn may_put_back(&self) -> bool {
        self.may_put_back
    }
}

impl Queue {
    /// The cost of all who wait.
    pub(super) fn cost(&self) -> u32 {
        self.before.saturating_add(self.current)
    }

    /// Somebody looks and has to wait.
    pub(super) fn wait(&mut self, waiter: &mut Waiter, cost: u32) {
        self.leave(waiter, cost);
        self.current = self.current.saturating_add(cost);
        waiter.round = Some(self.round);
    }

    /// Somebody waits no more.
    pub(super) fn leave(&mut self, waiter: &mut Waiter, cost: u32) {
        match waiter.round.take() {
            Some(round) if round == self.round => self.current = self.current.saturating_sub(cost),
            Some(round) if round.wrapping_add(1) == self.round => {
                self.before = self.before.saturating_sub(cost);
            }
            _ => {}
        }
    }

    /// A round ends; the number of the next.
    pub(super) fn next(&mut self) -> u32 {
        self.round = self.round.wrapping_add(1);
        self.before = std::mem::take(&mut self.current);
        self.round
    }
}
