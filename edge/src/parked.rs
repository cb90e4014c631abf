//! Requests between two calls from JavaScript: what one call has found out and paid, the next goes on with. A request whose
//! client leaves never comes back, so there is room for so many only: the oldest goes, and should it come after all it
//! begins anew.

use crate::{exchange::Exchange, platform};
use std::{cell::RefCell, collections::VecDeque};

/// As many as may wait for KV in one isolate at a time; each takes about a kilobyte.
const MAX: usize = 4_096;
/// What a JavaScript number holds exactly.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Requests in the order of their numbers; gaps are those who have come back.
#[derive(Default)]
struct Parked {
    /// The number of the first, once there was one.
    first: Option<u64>,
    waiting: VecDeque<Option<Box<Exchange>>>,
}

thread_local! {
    static PARKED: RefCell<Parked> = RefCell::default();
}

/// Keeps a request; its number.
pub fn park(exchange: Exchange) -> u64 {
    PARKED.with_borrow_mut(|parked| parked.park(exchange, platform::random_seed))
}

/// The request of this number, if it is still there.
pub fn take(number: u64) -> Option<Exchange> {
    PARKED.with_borrow_mut(|parked| parked.take(number))
}

impl Parked {
    /// Numbers begin somewhere: one of an instance that has died shall not be another request's in the next.
    fn park(&mut self, exchange: Exchange, seed: impl FnOnce() -> u64) -> u64 {
        if self.waiting.len() >= MAX {
            self.leave();
        }
        let first = *self.first.get_or_insert_with(|| seed() & MAX_NUMBER);
        let place = u64::try_from(self.waiting.len()).unwrap_or_default();
        self.waiting.push_back(Some(Box::new(exchange)));
        first.wrapping_add(place) & MAX_NUMBER
    }

    fn take(&mut self, number: u64) -> Option<Exchange> {
        let place = usize::try_from(number.wrapping_sub(self.first?) & MAX_NUMBER).ok()?;
        let exchange = self.waiting.get_mut(place)?.take()?;
        while matches!(self.waiting.front(), Some(None)) {
            self.leave();
        }
        Some(*exchange)
    }

    /// The first one goes.
    fn leave(&mut self) {
        self.waiting.pop_front();
        self.first = self.first.map(|first| first.wrapping_add(1) & MAX_NUMBER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Inbound, RequestHeaders};
    use valora_shared::time::UnixMillis;

    fn exchange(path: &str) -> Exchange {
        let inbound = Inbound::parse(&format!("GET\nhttp://edge{path}"));
        Exchange::new(inbound, RequestHeaders::Listed(Vec::new()), UnixMillis(1), || {
            "an-id-for-it".to_owned()
        })
    }

    #[test]
    fn each_comes_back_once_and_as_itself() {
        let mut parked = Parked::default();
        let [first, second] = ["/1", "/2"].map(|path| parked.park(exchange(path), || u64::MAX));
        assert_eq!((first, second), (MAX_NUMBER, 0));
        assert_eq!(parked.take(second).unwrap().inbound.path(), "/2");
        assert_eq!(parked.take(first).unwrap().inbound.path(), "/1");
        assert!(parked.take(first).is_none() && parked.take(7).is_none() && parked.waiting.is_empty());
        assert_eq!(parked.park(exchange("/3"), || 9), 1, "a number is never used again");
    }

    #[test]
    fn those_who_never_come_back_make_room() {
        let mut parked = Parked::default();
        let first = parked.park(exchange("/0"), || 0);
        for _ in 0..MAX {
            parked.park(exchange("/1"), || 0);
        }
        assert_eq!(parked.waiting.len(), MAX);
        assert!(parked.take(first).is_none());
    }
}
