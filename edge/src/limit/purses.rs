//! The purses of an isolate.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use valora_shared::{
    rate::{Booking, Decision, Limits, Purse, State, Who, book_on_failure, take_back},
    time::UnixMillis,
};

/// More clients are not known at a time. When they are reached those go of whom nothing would be lost, and if that is not
/// enough all: what they had on lease stays spent, and each asks anew. That admits nobody twice.
const MAX: usize = 20_000;

/// Purses by client.
#[derive(Default)]
pub struct Purses {
    known: HashMap<Who, Known, RandomState>,
    /// How many have begun.
    begun: u64,
}

/// What is known of one client.
#[derive(Default)]
struct Known {
    /// Its number among all that have begun: what was asked for a purse that was forgotten is not meant for its successor.
    number: u64,
    purse: Purse,
    /// Its windows here, once the limiter could not be asked.
    alone: Option<Box<State>>,
}

impl Purses {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// A client's, if it has one.
    pub fn known(&mut self, who: &Who) -> Option<&mut Purse> {
        self.known.get_mut(who).map(|known| &mut known.purse)
    }

    /// The number of a client's purse among all that have begun; 0 where it has none.
    pub fn number(&self, who: &Who) -> u64 {
        self.known.get(who).map_or(0, |known| known.number)
    }

    /// A client's purse, if it still is the one of this number.
    pub fn same(&mut self, who: &Who, number: u64) -> Option<&mut Purse> {
        self.known.get_mut(who).filter(|known| known.number == number).map(|known| &mut known.purse)
    }

    /// A client's, old or new.
    pub fn of(&mut self, who: &Who, now: UnixMillis) -> &mut Purse {
        &mut self.entry(who, now).purse
    }

    /// Decides by this isolate alone.
    pub fn decide_alone(
        &mut self,
        who: &Who,
        now: UnixMillis,
        cost: u32,
        limits: &Limits,
    ) -> (Decision, Option<Booking>) {
        let state = self.entry(who, now).alone.get_or_insert_default();
        book_on_failure(state, now, cost, limits)
    }

    /// Takes back what was spent so.
    pub fn take_back(&mut self, who: &Who, booking: Booking) {
        if let Some(state) = self.known.get_mut(who).and_then(|known| known.alone.as_mut()) {
            take_back(state, booking);
        }
    }

    /// Forgets a client.
    pub fn forget(&mut self, who: &Who) {
        self.known.remove(who);
    }

    fn entry(&mut self, who: &Who, now: UnixMillis) -> &mut Known {
        if self.known.len() >= MAX && !self.known.contains_key(who) {
            self.known.retain(|_, known| !known.is_idle(now));
            if self.known.len() >= MAX {
                self.known.clear();
            }
        }
        let begun = &mut self.begun;
        self.known.entry(who.clone()).or_insert_with(|| {
            *begun += 1;
            Known { number: *begun, ..Known::default() }
        })
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
            assert!(purses.known.len() <= MAX);
        }
    }

    #[test]
    fn a_purse_that_was_forgotten_is_not_its_successor() {
        let mut purses = Purses::default();
        let (who, now) = (Who::Client(Client::User("7".to_owned())), UnixMillis(1_790_000_000_000));
        purses.of(&who, now);
        let number = purses.number(&who);
        assert!(purses.same(&who, number).is_some());
        purses.forget(&who);
        assert!(purses.same(&who, number).is_none());
        purses.of(&who, now);
        assert!(purses.same(&who, number).is_none() && purses.number(&who) != number);
    }
}
