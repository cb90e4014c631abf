//! Requests that wait for KV alone, between `hit` and `hitOfKv`. A request whose client leaves never comes back, so there
//! is room for so many only: the oldest goes, and should it come after all it begins anew.

use crate::{exchange::Exchange, platform};
use std::{cell::RefCell, collections::VecDeque};

const MAX: usize = 256;
/// What a JavaScript number holds exactly.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Requests by number, oldest first.
#[derive(Default)]
struct Parked {
    last: Option<u64>,
    waiting: VecDeque<(u64, Exchange)>,
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
        let number = self.last.map_or_else(|| seed() & MAX_NUMBER, |last| (last + 1) & MAX_NUMBER);
        self.last = Some(number);
        if self.waiting.len() >= MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back((number, exchange));
        number
    }

    fn take(&mut self, number: u64) -> Option<Exchange> {
        let at = self.waiting.iter().position(|(known, _)| *known == number)?;
        self.waiting.remove(at).map(|(_, exchange)| exchange)
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
        assert!(parked.take(first).is_none() && parked.take(7).is_none());
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
