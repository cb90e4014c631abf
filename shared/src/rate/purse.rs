//! The isolate's side: one client's lease, how large the next shall be, and what the limiter last said.
//!
//! Data only. One request asks at a time, and the others look again every few milliseconds (a request can wait on no
//! other's I/O): each calls [`Purse::look`] until it is told something else than to wait, and whoever is told to ask
//! ends that with [`Purse::land`] or [`Purse::fail`].

use super::{
    Ask, Decision, Grant, MAX_LIFE_MS, Refused, Return, Usage,
    queue::{Queue, Waiter},
    state::END_OF_TIME,
};
use crate::time::UnixMillis;

/// The isolate spends no more so long before the end: its clock stands still while it computes, and may lag.
pub const STOP_MS: i64 = 100;
/// So long before the end, what is left goes back.
pub const GIVE_BACK_MS: i64 = 300;
/// The limiter is given so long to answer.
pub const ASK_MS: i64 = 1_000;
/// After a failure it is not asked again for so long.
pub const FAILED_MS: i64 = 1_000;
/// What was told longer ago says nothing about what remains.
const TOLD_MS: i64 = 60_000;
/// An ask is given up by the others so long after its own time.
const SLACK_MS: i64 = 100;

/// What one isolate knows of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purse {
    held: Option<Held>,
    /// What the next lease is wished to be; 0 for what the waiting requests cost.
    size: u32,
    refused: Option<Refused>,
    told: Option<Told>,
    asking: Option<Asking>,
    /// Until then the limiter is not asked.
    failed_until: i64,
    queue: Queue,
    /// The latest time that held.
    newest: i64,
    /// What the clock has stepped back, as far as that was seen.
    stepped_back: i64,
}

/// What a request does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It goes through: its cost is paid.
    Paid,
    /// It is refused.
    Refused(Decision),
    /// Another one asks: look again in some milliseconds.
    Wait,
    /// Ask the limiter, and land or fail under this number.
    Ask(u32, Ask),
    /// The limiter does not answer: decide by a window of this isolate's own.
    Alone,
}

/// What remains, as far as this isolate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// By window.
    pub usage: [Usage; 3],
    /// Whether the limiter said so just now, and nobody else has a lease.
    pub is_exact: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    id: u32,
    tokens: u32,
    left: u32,
    /// What the asking request did not need.
    spare: u32,
    /// What may be left once all that was paid of it is put back.
    most: u32,
    /// By this isolate's clock.
    ends_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    usage: [Usage; 3],
    at: i64,
    out: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asking {
    number: u32,
    cost: u32,
    at: i64,
    may_put_back: bool,
}

impl Purse {
    /// What a request of this cost does next. It shows the same `waiter` each time.
    pub fn look(&mut self, now: UnixMillis, cost: u32, waiter: &mut Waiter) -> Look {
        if let Some(look) = self.at_hand(now, cost) {
            self.queue.leave(waiter, cost);
            return look;
        }
        let now = self.heed(now);
        if self.asking.is_some_and(|asking| now < asking.at + ASK_MS + SLACK_MS) {
            self.queue.wait(waiter, cost);
            return Look::Wait;
        }
        self.queue.leave(waiter, cost);
        let returned = self.close(now);
        let wish = self.size.max(self.queue.cost().saturating_add(cost));
        let number = self.queue.next();
        let may_put_back = waiter.may_put_back();
        self.asking = Some(Asking { number, cost, at: now, may_put_back });
        let ask = Ask { cost, wish, life_ms: MAX_LIFE_MS, returned, may_return_cost: may_put_back };
        Look::Ask(number, ask)
    }

    /// What can be said to a request without asking or waiting.
    pub fn at_hand(&mut self, now: UnixMillis, cost: u32) -> Option<Look> {
        let now = self.heed(now);
        if let Some(held) = self.held.as_mut().filter(|held| held.is_live(now) && held.left >= cost) {
            held.left -= cost;
            return Some(Look::Paid);
        }
        if let Some(decision) = self.refusal(UnixMillis(now), cost) {
            return Some(Look::Refused(decision));
        }
        (now < self.failed_until).then_some(Look::Alone)
    }

    /// A refusal that still holds.
    pub fn refusal(&self, now: UnixMillis, cost: u32) -> Option<Decision> {
        self.refused?.tell(UnixMillis(self.at(now)), cost)
    }

    /// The lease that is held: what was paid just now was paid from this one. 0 where nothing of it can be put back.
    pub fn lease(&self) -> u32 {
        self.held.map_or(0, |held| held.id)
    }

    /// Puts back what a request has paid from lease `id` and did not use after all. Of a lease that is over it is lost.
    pub fn put_back(&mut self, id: u32, cost: u32) {
        if let Some(held) = self.held.as_mut().filter(|held| held.id == id && id != 0) {
            held.left = held.left.saturating_add(cost).min(held.most);
        }
    }

    /// The limiter has answered. The one who asked does what this says; it is never told to wait.
    pub fn land(&mut self, now: UnixMillis, number: u32, grant: &Grant) -> Look {
        let now = self.heed(now);
        let Some(asking) = self.asking.take_if(|asking| asking.number == number) else {
            // Given up, and another one may have asked since: this lease ends unspent.
            return Look::Alone;
        };
        self.queue.next();
        self.told = Some(Told { usage: grant.decision.usage, at: now, out: grant.out });
        let Some(lease) = grant.lease else {
            let (asked_at, told_at) = (UnixMillis(asking.at), UnixMillis(now));
            self.refused = Some(Refused::new(grant.decision, asking.cost, asked_at, told_at));
            return Look::Refused(grant.decision);
        };
        self.refused = None;
        let spare = lease.tokens.saturating_sub(asking.cost);
        let held = Held {
            id: lease.id,
            tokens: lease.tokens,
            left: spare,
            spare,
            most: if asking.may_put_back { lease.tokens } else { spare },
            ends_at: asking.at + i64::from(lease.life_ms),
        };
        if !held.is_live(now) {
            return Look::Alone;
        }
        self.held = Some(held);
        Look::Paid
    }

    /// The limiter has answered with an error, or not in time.
    pub fn fail(&mut self, now: UnixMillis, number: u32) {
        let now = self.heed(now);
        if self.asking.take_if(|asking| asking.number == number).is_some() {
            self.queue.next();
            self.failed_until = now + FAILED_MS;
        }
    }

    /// The lease that is held, and in how many milliseconds what is left of it goes back; `None` where nothing will.
    pub fn gives_back(&self, now: UnixMillis) -> Option<(u32, u32)> {
        let may_have = |held: &&Held| held.left > 0 || held.most > held.spare;
        let held = self.held.as_ref().filter(|held| held.id != 0).filter(may_have)?;
        let ms = u32::try_from(held.ends_at - GIVE_BACK_MS - self.at(now)).unwrap_or_default();
        Some((held.id, ms))
    }

    /// What goes back of lease `id` now. Nothing is spent of it from then on.
    pub fn give_back(&mut self, now: UnixMillis, id: u32) -> Option<Return> {
        let now = self.heed(now);
        self.held.filter(|held| held.id == id && held.left > 0)?;
        self.close(now)
    }

    /// What remains, once the limiter has said so within the last minute.
    pub fn shown(&self, now: UnixMillis) -> Option<Shown> {
        let now = self.at(now);
        let told = self.told.filter(|told| now - told.at < TOLD_MS)?;
        let left = self.held.filter(|held| held.is_live(now)).map_or(0, |held| held.left);
        let mut usage = told.usage;
        for usage in &mut usage {
            // The limiter has counted all of the lease.
            usage.used = usage.used.saturating_sub(left);
            usage.more_in_ms =
                usage.more_in_ms.saturating_sub(u32::try_from(now - told.at).unwrap_or(u32::MAX));
        }
        Some(Shown { usage, is_exact: told.out == 0 && told.at == now })
    }

    /// Whether nothing is lost if this is forgotten.
    pub fn is_idle(&self, now: UnixMillis) -> bool {
        let now = self.at(now);
        self.asking.is_none()
            && self.held.is_none_or(|held| now >= held.ends_at)
            && self.refused.is_none_or(|refused| refused.is_over(UnixMillis(now)))
            && now >= self.failed_until
    }

    /// Ends the lease, if one is held, and judges how large the next shall be.
    fn close(&mut self, now: i64) -> Option<Return> {
        let held = self.held.take()?;
        let is_over = now >= held.ends_at - GIVE_BACK_MS;
        self.size = if held.left >= held.spare && (is_over || held.spare > 0) {
            // Unused but for the request that asked.
            0
        } else if held.left == 0 || !is_over {
            // Used up, or too little left for the one who asks now.
            held.tokens.saturating_mul(2)
        } else {
            held.tokens
        };
        let comes_back = held.id != 0 && held.left > 0 && now < held.ends_at;
        if comes_back && let Some(told) = &mut self.told {
            // It remains, though not in this hand any more.
            told.usage.iter_mut().for_each(|usage| usage.used = usage.used.saturating_sub(held.left));
        }
        comes_back.then_some(Return { id: held.id, tokens: held.left })
    }

    /// The time that holds. It goes on from the latest after a step back of the clock: a lease must not live longer for
    /// that. What of the step lies within the time since the last look cannot be seen.
    fn heed(&mut self, now: UnixMillis) -> i64 {
        self.stepped_back = self.stepped_back.max(self.newest - now.0.clamp(0, END_OF_TIME));
        self.newest = self.at(now);
        self.newest
    }

    fn at(&self, now: UnixMillis) -> i64 {
        (now.0.clamp(0, END_OF_TIME) + self.stepped_back).max(self.newest)
    }
}

impl Held {
    fn is_live(&self, now: i64) -> bool {
        now < self.ends_at - STOP_MS
    }
}

#[cfg(test)]
#[path = "purse_tests.rs"]
mod tests;
