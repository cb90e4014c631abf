//! The purses of an isolate.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use valora_shared::{
    rate::{Decision, Limits, Purse, State, Who, step_on_failure},
    time::UnixMillis,
};

/// More clients are not known at a time. When they are reached those go of whom nothing would be lost, and if that is not
/// enough all: what they had on lease stays spent, and each asks anew. That admits nobody twice.
const MAX: usize = 20_000;

/// Purses by client.
#[derive(Default)]
pub struct Purses(HashMap<Who, Known, RandomState>);

/// What is known of one client.
#[derive(Default)]
struct Known {
    purse: Purse,
    /// Its windows here, once the limiter could not be asked.
    alone: Option<Box<State>>,
}

impl Purses {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A client's, if it has one.
    pub fn known(&mut self, who: &Who) -> Option<&mut Purse> {
        self.0.get_mut(who).map(|known| &mut known.purse)
    }

    /// A client's, old or new.
    pub fn of(&mut self, who: &Who, now: UnixMillis) -> &mut Purse {
        &mut self.entry(who, now).purse
    }

    /// Decides by this isolate alone.
    pub fn decide_alone(&mut self, who: &Who, now: UnixMillis, cost: u32, limits: &Limits) -> Decision {
        let state = self.entry(who, now).alone.get_or_insert_default();
        step_on_failure(state, now, cost, limits)
    }

    /// Forgets a client.
    pub fn forget(&mut self, who: &Who) {
        self.0.remove(who);
    }

    fn entry(&mut self, who: &Who, now: UnixMillis) -> &mut Known {
        if self.0.len() >= MAX && !self.0.contains_key(who) {
            self.0.retain(|_, known| !known.is_idle(now));
            if self.0.len() >= MAX {
                self.0.clear();
            }
        }
        self.0.entry(who.clone()).or_default()
    }
}

impl Known {
    fn is_idle(&self, now: UnixMillis) -> bool {
        self.purse.is_idle(now) && self.alone.as_ref().is_none_or(|alone| alone.is_idle(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use valora_shared::trust::Client;

    #[test]
    fn a_flood_of_addresses_takes_no_more_than_its_place() {
        let mut purses = Purses::default();
        let limits = Limits { minute: 80, hour: 800, day: 8_000 };
        let now = UnixMillis(1_790_000_000_000);
        for number in 0..100_000_u32 {
            let who = Who::Client(Client::Ip(IpAddr::V4(Ipv4Addr::from_bits(number))));
            purses.decide_alone(&who, now, 1, &limits);
            assert!(purses.0.len() <= MAX);
        }
    }
}
