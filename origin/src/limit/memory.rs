//! What this replica's clients have spent: in shards, each behind its own lock, of bounded size.
//!
//! A client of whom nothing counts any more is forgotten. When there are more clients than may be, those go that have
//! spent least: what a flood of addresses can win back is the one request that each of them has made, and whoever is near
//! a limit stays known for as long as that is so for fewer clients than there is room for.

use super::{Counted, Decision, Limits, Name, UnixMillis, peek, redis::Told};
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};
use valora_shared::rate::{Booking, Refused, State, book, book_again, take_back};

const SHARDS: usize = 64;
/// So often idle clients are looked for, when new ones come.
const SWEEP_MS: i64 = 15 * 60 * 1_000;
/// Of a full shard this part is emptied at once: looking for those who have spent least takes a look at all.
const EMPTIED: usize = 8;

pub(super) struct Memory {
    shards: Vec<Mutex<Shard>>,
    /// In each shard.
    most: usize,
}

#[derive(Default)]
struct Shard {
    clients: HashMap<Name, Known>,
    sweep_at: i64,
    /// How often a client has come to be known here.
    begun: u64,
}

/// One client.
struct Known {
    state: State,
    /// Its number among all that began: what was spent before it was forgotten is not taken back from what came after.
    number: u64,
    since: UnixMillis,
    /// What Redis has refused just now.
    refused: Option<Box<Refused>>,
}

/// What was decided here, and what it has spent.
#[derive(Debug)]
pub(super) struct Booked {
    /// Of each payer.
    pub(super) decisions: Vec<Decision>,
    /// The number under which each was known.
    numbers: Vec<u64>,
    /// What each has spent; of nobody where one of them is refused.
    bookings: Vec<(Name, u64, Booking)>,
}

impl Booked {
    pub(super) fn is_admitted(&self) -> bool {
        self.bookings.len() == self.decisions.len()
    }
}

impl Memory {
    pub(super) fn new(clients: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, most: clients.div_ceil(SHARDS).max(1) }
    }

    /// Spends `cost` of all or of none.
    pub(super) fn book(&self, counted: &[Counted], cost: u32, now: UnixMillis) -> Booked {
        let mut booked = Booked { decisions: Vec::new(), numbers: Vec::new(), bookings: Vec::new() };
        for payer in counted {
            let mut shard = self.shard(payer.name);
            let known = shard.know(payer.name, now, self.most);
            let (decision, booking) = book(&mut known.state, now, cost, &payer.limits);
            booked.decisions.push(decision);
            booked.numbers.push(known.number);
            booked.bookings.extend(booking.map(|booking| (payer.name, known.number, booking)));
        }
        if !booked.is_admitted() {
            self.take_back(&booked);
            booked.bookings.clear();
        }
        booked
    }

    /// Takes back what a request has spent that did not go through.
    pub(super) fn take_back(&self, booked: &Booked) {
        for (name, number, booking) in &booked.bookings {
            if let Some(known) =
                self.shard(*name).clients.get_mut(name).filter(|known| known.number == *number)
            {
                take_back(&mut known.state, *booking);
            }
        }
    }

    /// Whether one of the payers has been forgotten since.
    pub(super) fn is_outdated(&self, booked: &Booked, counted: &[Counted]) -> bool {
        counted.iter().zip(&booked.numbers).any(|(payer, number)| {
            self.shard(payer.name).clients.get(&payer.name).is_none_or(|known| known.number != *number)
        })
    }

    /// Sees to it that what a request has spent that goes through is known, and how its payers stand: who was forgotten
    /// meanwhile, because it was reset elsewhere, begins with that.
    pub(super) fn hold(&self, booked: &mut Booked, counted: &[Counted], now: UnixMillis) {
        for (place, (name, number, booking)) in booked.bookings.iter_mut().enumerate() {
            let mut shard = self.shard(*name);
            let known = shard.know(*name, now, self.most);
            if known.number != *number {
                book_again(&mut known.state, *booking);
                *number = known.number;
                if let (Some(decision), Some(payer)) = (booked.decisions.get_mut(place), counted.get(place)) {
                    decision.usage = peek(&known.state, now, 0, &payer.limits).usage;
                }
            }
        }
    }

    /// What a request of cost 1 would be told.
    pub(super) fn look(&self, name: Name, now: UnixMillis, limits: &Limits) -> Decision {
        let shard = self.shard(name);
        shard.clients.get(&name).map_or_else(
            || peek(&State::default(), now, 1, limits),
            |known| peek(&known.state, now, 1, limits),
        )
    }

    /// Forgets what a client has spent, if anything.
    pub(super) fn reset(&self, name: Name, now: UnixMillis) {
        let mut shard = self.shard(name);
        if shard.clients.contains_key(&name) {
            shard.begin(name, now);
        }
    }

    /// What is told by a refusal that is kept; of several by the longest.
    pub(super) fn kept(&self, counted: &[Counted], cost: u32, now: UnixMillis) -> Option<Decision> {
        let kept = counted.iter().filter_map(|payer| {
            let shard = self.shard(payer.name);
            shard.clients.get(&payer.name)?.refused.as_ref()?.tell(now, cost)
        });
        kept.max_by_key(|decision| decision.verdict.wait_ms())
    }

    /// Keeps the refusals among these.
    pub(super) fn keep(&self, counted: &[Counted], decisions: &[Decision], cost: u32, now: UnixMillis) {
        for (payer, decision) in counted.iter().zip(decisions).filter(|(_, decision)| !decision.is_admitted())
        {
            if let Some(known) = self.shard(payer.name).clients.get_mut(&payer.name) {
                known.refused = Some(Box::new(Refused::new(*decision, cost, now, now)));
            }
        }
    }

    /// Forgets what those clients had spent that were reset at another replica since they came to be known here. Of an older reset nothing is to be forgotten: what they have spent here, they have spent after it.
    pub(super) fn obey_resets(&self, counted: &[Counted], told: &[Told], now: UnixMillis) {
        for (payer, told) in counted.iter().zip(told) {
            let Some(age_ms) = told.reset_age_ms else { continue };
            let mut shard = self.shard(payer.name);
            let since = shard.clients.get(&payer.name).map(|known| known.since);
            // By a duration, as Redis has another clock; both are told in whole milliseconds.
            if since.is_some_and(|since| since.after(age_ms).after(1) < now) {
                shard.begin(payer.name, now);
            }
        }
    }

    fn shard(&self, name: Name) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[name.shard(self.shards.len())];
        // What a panic could have left half done is one client's count.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).clients.len())
            .sum()
    }
}

impl Shard {
    fn know(&mut self, name: Name, now: UnixMillis, most: usize) -> &mut Known {
        if !self.clients.contains_key(&name) && (self.clients.len() >= most || now.0 >= self.sweep_at) {
            self.sweep(now, most);
        }
        let Self { clients, begun, .. } = self;
        clients.entry(name).or_insert_with(|| Known::new(begun, now))
    }

    /// Knows nothing of it any more, but that.
    fn begin(&mut self, name: Name, now: UnixMillis) {
        let known = Known::new(&mut self.begun, now);
        self.clients.insert(name, known);
    }

    fn sweep(&mut self, now: UnixMillis, most: usize) {
        self.sweep_at = now.0.saturating_add(SWEEP_MS);
        self.clients.retain(|_, known| !known.state.is_idle(now));
        if self.clients.len() >= most {
            self.forget_the_least(self.clients.len() - (most - most.div_ceil(EMPTIED)));
        }
    }

    /// Forgets so many, those who have spent least first.
    fn forget_the_least(&mut self, count: usize) {
        let mut spent: Vec<u32> = self.clients.values().map(|known| known.state.spent()).collect();
        let Some(last) = count.checked_sub(1).filter(|last| *last < spent.len()) else { return };
        let (less, most, _) = spent.select_nth_unstable(last);
        let most = *most;
        // Of those who have spent as much as the last that goes, only as many as are needed.
        let mut equals = count - less.iter().filter(|spent| **spent < most).count();
        self.clients.retain(|_, known| match known.state.spent().cmp(&most) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal if equals > 0 => {
                equals -= 1;
                false
            }
            _ => true,
        });
    }
}

impl Known {
    fn new(begun: &mut u64, since: UnixMillis) -> Self {
        *begun += 1;
        Self { state: State::default(), number: *begun, since, refused: None }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("clients", &self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::{
        config::Setting,
        rate::Who,
        trust::{Client, SharedSecret},
    };

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
    const LIMITS: Limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
    const A_DAY_MS: i64 = 86_400_000 + 900_000;

    fn client(number: u32) -> Counted {
        let secret = SharedSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
        let who = Who::Client(Client::User(number.to_string()));
        Counted { name: Name::of(&secret, &who), limits: LIMITS }
    }

    fn spend(memory: &Memory, number: u32, cost: u32, now: UnixMillis) -> bool {
        memory.book(&[client(number)], cost, now).is_admitted()
    }

    /// A hundred thousand addresses, of which each asks once, where there is room for a tenth.
    #[test]
    fn a_flood_of_clients_takes_no_more_memory_and_frees_nobody_who_has_spent_more() {
        let memory = Memory::new(10_000);
        for number in 0..100 {
            assert!(spend(&memory, number, 60, NOW) && !spend(&memory, number, 1, NOW));
        }
        for number in 1_000..101_000 {
            assert!(spend(&memory, number, 1, NOW));
            assert!(memory.len() <= 10_000 + SHARDS);
        }
        assert!(memory.len() > 8_000);
        for number in 0..100 {
            assert!(!spend(&memory, number, 1, NOW.after(59_000)), "client {number} has a second allowance");
        }
    }

    #[test]
    fn a_client_of_whom_nothing_counts_is_forgotten() {
        let memory = Memory::new(10_000);
        (0..2_000).for_each(|number| assert!(spend(&memory, number, 1, NOW)));
        let later = NOW.after(A_DAY_MS);
        (5_000..6_000).for_each(|number| assert!(spend(&memory, number, 1, later)));
        assert!(memory.len() <= 1_000 + 10, "{} are known", memory.len());
    }

    #[test]
    fn all_pay_or_none() {
        let memory = Memory::new(10_000);
        assert!(spend(&memory, 1, 59, NOW));
        let both = [client(2), client(1)];
        assert!(!memory.book(&both, 2, NOW).is_admitted());
        assert_eq!(memory.look(client(2).name, NOW, &LIMITS), peek(&State::default(), NOW, 1, &LIMITS));
        let booked = memory.book(&both, 1, NOW);
        assert!(booked.is_admitted() && !spend(&memory, 1, 1, NOW));
        memory.take_back(&booked);
        assert!(spend(&memory, 1, 1, NOW) && !spend(&memory, 1, 1, NOW));
        assert!(spend(&memory, 2, 60, NOW));
    }

    /// More threads than shards' neighbours, all at one client.
    #[test]
    fn no_more_pass_than_may_however_many_ask_at_once() {
        let memory = Memory::new(10_000);
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..100).filter(|_| spend(&memory, 1, 1, NOW)).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 60);
    }

    #[test]
    fn a_reset_elsewhere_frees_of_what_was_spent_before_it_and_of_nothing_else() {
        let memory = Memory::new(10_000);
        let clients = [client(1)];
        // Whether there was anything to forget.
        let obey = |reset_age_ms, now| {
            let before = memory.book(&clients, 1, now);
            let decision = peek(&State::default(), NOW, 1, &LIMITS);
            memory.obey_resets(&clients, &[Told { decision, reset_age_ms: Some(reset_age_ms) }], now);
            memory.is_outdated(&before, &clients)
        };
        assert!(spend(&memory, 1, 60, NOW));
        // Ten hours ago, long before this replica knew the client: while Redis was away it let it through alone.
        assert!(!obey(36_000_000, NOW.after(1_000)));
        assert!(!spend(&memory, 1, 1, NOW.after(1_000)));
        // Half a second ago.
        assert!(obey(500, NOW.after(2_000)));
        assert!(spend(&memory, 1, 60, NOW.after(2_000)));
        // The same one, once more.
        assert!(!obey(1_500, NOW.after(3_000)));
        // Its own.
        memory.reset(client(1).name, NOW.after(4_000));
        assert!(!obey(1_000, NOW.after(5_000)));
    }

    #[test]
    fn what_goes_through_while_its_client_is_forgotten_is_the_first_it_has_spent_anew() {
        let memory = Memory::new(10_000);
        let clients = [client(1)];
        let mut under_way: Vec<Booked> = (0..20).map(|_| memory.book(&clients, 1, NOW)).collect();
        memory.reset(client(1).name, NOW);
        for (number, booked) in (1..).zip(&mut under_way) {
            memory.hold(booked, &clients, NOW);
            memory.hold(booked, &clients, NOW);
            assert_eq!(booked.decisions[0].usage[0].used, number);
        }
        assert!(spend(&memory, 1, 40, NOW) && !spend(&memory, 1, 1, NOW));
        memory.take_back(&under_way[0]);
        assert!(spend(&memory, 1, 1, NOW));
    }

    #[test]
    fn what_is_taken_back_was_never_spent_by_who_came_after() {
        let memory = Memory::new(1);
        let first = memory.book(&[client(1)], 5, NOW);
        // Until the first is forgotten.
        (2..2_000).for_each(|number| drop(memory.book(&[client(number)], 60, NOW)));
        assert!(spend(&memory, 1, 60, NOW));
        memory.take_back(&first);
        assert!(!spend(&memory, 1, 1, NOW));
    }

    #[test]
    fn of_two_refusals_the_longer_is_told() {
        let memory = Memory::new(10_000);
        let both = [client(1), client(2)];
        assert!(spend(&memory, 1, 60, NOW) && spend(&memory, 2, 60, NOW.after(40_000)));
        let now = NOW.after(41_000);
        let refused = memory.book(&both, 1, now);
        memory.keep(&both, &refused.decisions, 1, now);
        assert_eq!(memory.kept(&both, 1, now).unwrap().verdict.wait_ms(), 60_000);
    }
}
