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

    /// Forgets what those clients had spent that were reset at another replica since they came to be known here. Of an
    /// older reset nothing is to be forgotten: what they have spent here, they have spent after it. Asked at `now`, and told
    /// at `told_at`.
    pub(super) fn obey_resets(
        &self,
        counted: &[Counted],
        told: &[Told],
        now: UnixMillis,
        told_at: UnixMillis,
    ) {
        for (payer, told) in counted.iter().zip(told) {
            let Some(age_ms) = told.reset_age_ms else { continue };
            let mut shard = self.shard(payer.name);
            let since = shard.clients.get(&payer.name).map(|known| known.since);
            // By a duration, as Redis has another clock; both are told in whole milliseconds.
            if since.is_some_and(|since| since.after(age_ms).after(1) < now) {
                // Known since it was told: the same reset is not obeyed once more by who asks from then on.
                shard.begin(payer.name, told_at);
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
#[path = "memory_tests.rs"]
mod tests;
