//! What is said to a client's limiter, and what it answers. It crosses as postcard.

use super::{Ask, Decision, Grant, Limits, Return, State, give_back, grant, peek};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// Tokens, under these limits.
    Ask(Ask, Limits),
    /// What is left of a lease.
    GiveBack(Return),
    /// How the windows stand under these limits.
    Look(Limits),
    /// Forget what was spent.
    Reset,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To [`Call::Ask`].
    Granted(Grant),
    /// To [`Call::Look`]: what a request of cost 1 would be told.
    Seen(Decision),
    /// To the others.
    Done,
}

impl State {
    /// Answers a call. Whoever calls stores the state before the answer leaves.
    pub fn answer(&mut self, call: &Call, now: UnixMillis) -> Reply {
        match call {
            Call::Ask(ask, limits) => Reply::Granted(grant(self, now, ask, limits)),
            Call::GiveBack(returned) => {
                give_back(self, now, *returned);
                Reply::Done
            }
            Call::Look(limits) => Reply::Seen(peek(self, now, 1, limits)),
            Call::Reset => {
                self.reset(now);
                Reply::Done
            }
        }
    }
}
