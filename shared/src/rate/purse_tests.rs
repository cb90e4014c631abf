use super::*;
use crate::rate::{Limits, State, Verdict, give_back, grant, peek};

const T: i64 = 1_790_000_100_000;
const LIMITS: Limits = Limits { minute: 600, hour: 10_000, day: 100_000 };

/// An isolate with its limiter, which answers at once.
#[derive(Default)]
struct Pair {
    purse: Purse,
    state: State,
    asks: Vec<u32>,
}

impl Pair {
    /// One request; asks where it is told to.
    fn request(&mut self, at: i64, cost: u32) -> Look {
        let now = UnixMillis(T + at);
        match self.purse.look(now, cost, &mut Waiter::default()) {
            Look::Ask(number, ask) => {
                self.asks.push(ask.wish);
                let grant = grant(&mut self.state, now, &ask, &LIMITS);
                self.purse.land(now, number, &grant)
            }
            other => other,
        }
    }

    fn give_back(&mut self, at: i64) -> Option<Return> {
        let (id, _) = self.purse.gives_back(UnixMillis(T + at))?;
        self.purse.give_back(UnixMillis(T + at), id)
    }
}

fn asked(look: Look) -> (u32, Ask) {
    match look {
        Look::Ask(number, ask) => (number, ask),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lease_doubles_each_time_it_is_used_up_within_its_life() {
    let mut pair = Pair::default();
    for at in 0..31 {
        assert_eq!(pair.request(at * 10, 1), Look::Paid);
    }
    assert_eq!(pair.asks, [1, 2, 4, 8, 16]);
}

#[test]
fn a_partly_used_lease_keeps_its_size_and_an_unused_one_falls_back_to_the_cost() {
    let mut pair = Pair::default();
    for at in 0..9 {
        pair.request(at * 10, 1);
    }
    // Of eight, two are used.
    assert_eq!(pair.asks, [1, 2, 4, 8]);
    assert_eq!(pair.give_back(1_770), Some(Return { id: 3, tokens: 6 }));
    assert_eq!(pair.give_back(1_770), None);
    pair.request(5_000, 1);
    assert_eq!(pair.asks, [1, 2, 4, 8, 8]);
    // Of these, only the one that asked for them.
    assert!(pair.give_back(6_700).is_some());
    pair.request(9_000, 3);
    assert_eq!(pair.asks, [1, 2, 4, 8, 8, 3]);
    // Nobody came within the life of that one.
    pair.request(12_000, 1);
    assert_eq!(pair.asks, [1, 2, 4, 8, 8, 3, 1]);
}

#[test]
fn spending_stops_100_ms_before_the_end_which_counts_from_before_the_ask() {
    let mut purse = Purse::default();
    let (number, ask) = asked(purse.look(UnixMillis(T), 1, &mut Waiter::default()));
    let mut state = State::default();
    // The limiter's clock is elsewhere, and it took its time.
    let grant = grant(&mut state, UnixMillis(T + 7_777_777), &Ask { wish: 9, ..ask }, &LIMITS);
    assert_eq!(purse.land(UnixMillis(T + 900), number, &grant), Look::Paid);
    assert_eq!(purse.look(UnixMillis(T + 1_899), 1, &mut Waiter::default()), Look::Paid);
    let (_, ask) = asked(purse.look(UnixMillis(T + 1_900), 1, &mut Waiter::default()));
    assert_eq!(ask.returned, Some(Return { id: 1, tokens: 7 }));
    assert_eq!(ask.life_ms, 2_000);
}

#[test]
fn what_is_left_goes_back_300_ms_before_the_end_and_never_after_it() {
    let mut pair = Pair::default();
    pair.request(0, 1);
    pair.request(10, 1);
    assert_eq!(pair.purse.gives_back(UnixMillis(T + 10)), Some((1, 1_700)));
    let mut late = pair.purse.clone();
    assert_eq!(late.give_back(UnixMillis(T + 2_010), 1), None);
    assert_eq!(pair.purse.give_back(UnixMillis(T + 1_710), 2), None, "another lease's turn");
    assert_eq!(pair.purse.give_back(UnixMillis(T + 1_710), 1), Some(Return { id: 1, tokens: 1 }));
    assert!(matches!(pair.purse.look(UnixMillis(T + 1_711), 1, &mut Waiter::default()), Look::Ask(..)));
}

#[test]
fn the_others_wait_while_one_asks_and_the_next_lease_is_for_all_of_them() {
    let now = UnixMillis(T);
    let (mut purse, mut state) = (Purse::default(), State::default());
    let (number, ask) = asked(purse.look(now, 1, &mut Waiter::default()));
    assert_eq!(ask.wish, 1);
    let mut waiters = [Waiter::default(); 29];
    for _ in 0..3 {
        for waiter in &mut waiters {
            assert_eq!(purse.look(now, 1, waiter), Look::Wait);
        }
    }
    assert_eq!(purse.land(now, number, &grant(&mut state, now, &ask, &LIMITS)), Look::Paid);
    let (first, rest) = waiters.split_first_mut().unwrap();
    let (number, ask) = asked(purse.look(now, 1, first));
    assert_eq!((ask.wish, ask.cost), (29, 1));
    for waiter in rest.iter_mut() {
        assert_eq!(purse.look(now, 1, waiter), Look::Wait);
    }
    assert_eq!(purse.land(now, number, &grant(&mut state, now, &ask, &LIMITS)), Look::Paid);
    for waiter in rest {
        assert_eq!(purse.look(now, 1, waiter), Look::Paid);
    }
    assert_eq!(state.forgotten_at().map(|_| purse.shown(now).unwrap().usage[0].used), Some(30));
}

#[test]
fn who_waits_and_is_cancelled_is_forgotten_two_rounds_later() {
    let (mut purse, mut state) = (Purse::default(), State::default());
    let mut wishes = Vec::new();
    for round in 0..4 {
        // Each time the lease before has ended.
        let now = UnixMillis(T + round * 3_000);
        let (number, ask) = asked(purse.look(now, 1, &mut Waiter::default()));
        wishes.push(ask.wish);
        if round == 0 {
            assert_eq!(purse.look(now, 50, &mut Waiter::default()), Look::Wait);
        }
        purse.land(now, number, &grant(&mut state, now, &ask, &LIMITS));
    }
    assert_eq!(wishes, [1, 51, 1, 1]);
}

#[test]
fn a_refusal_is_kept_for_its_cost_until_its_end_and_for_two_seconds_at_most() {
    let limits = Limits { minute: 3, ..LIMITS };
    let (mut purse, mut state) = (Purse::default(), State::default());
    crate::rate::step(&mut state, UnixMillis(T), 3, &limits);
    let mut refused = |at: i64, cost| {
        let now = UnixMillis(T + at);
        match purse.look(now, cost, &mut Waiter::default()) {
            Look::Ask(number, ask) => {
                let answer =
                    purse.land(now.after(20), number, &grant(&mut state, now.after(10), &ask, &limits));
                (true, answer)
            }
            other => (false, other),
        }
    };
    let told = |(is_asked, look): (bool, Look)| match look {
        Look::Refused(Decision { verdict: Verdict::Refused(refusal), .. }) => {
            (is_asked, refusal.retry_after_ms)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(told(refused(0, 1)), (true, 60_990));
    // Each wait ends no sooner than the limiter said.
    assert_eq!(told(refused(1_020, 1)), (false, 59_990));
    assert_eq!(told(refused(1_999, 1)), (false, 59_011));
    assert_eq!(told(refused(2_000, 1)), (true, 58_990));
    // Another cost may fit.
    assert!(refused(2_500, 2).0);
    // Shortly before its end it is kept no longer than that.
    assert_eq!(told(refused(60_500, 1)), (true, 490));
    assert_eq!(refused(60_990, 1), (true, Look::Paid));
}

#[test]
fn what_never_fits_is_not_asked_for_again_and_again() {
    let mut pair = Pair::default();
    for at in [0, 500, 1_999] {
        let Look::Refused(decision) = pair.request(at, 601) else { panic!("it goes through") };
        assert!(matches!(decision.verdict, Verdict::TooCostly(_)));
    }
    assert_eq!(pair.asks.len(), 1);
}

#[test]
fn after_a_failure_everybody_is_alone_for_a_second() {
    let mut purse = Purse::default();
    let (number, _) = asked(purse.look(UnixMillis(T), 1, &mut Waiter::default()));
    let mut waiter = Waiter::default();
    assert_eq!(purse.look(UnixMillis(T), 1, &mut waiter), Look::Wait);
    purse.fail(UnixMillis(T + 900), number);
    assert_eq!(purse.look(UnixMillis(T + 900), 1, &mut waiter), Look::Alone);
    assert_eq!(purse.look(UnixMillis(T + 1_899), 1, &mut Waiter::default()), Look::Alone);
    assert!(!purse.is_idle(UnixMillis(T + 1_899)) && purse.is_idle(UnixMillis(T + 1_900)));
    assert!(matches!(purse.look(UnixMillis(T + 1_900), 1, &mut Waiter::default()), Look::Ask(..)));
}

#[test]
fn an_ask_whose_request_died_is_given_up_and_its_late_grant_is_not_spent() {
    let (mut purse, mut state) = (Purse::default(), State::default());
    let (dead, ask) = asked(purse.look(UnixMillis(T), 1, &mut Waiter::default()));
    let late = grant(&mut state, UnixMillis(T), &Ask { wish: 9, ..ask }, &LIMITS);
    let mut waiter = Waiter::default();
    assert_eq!(purse.look(UnixMillis(T + 1_099), 1, &mut waiter), Look::Wait);
    let (number, ask) = asked(purse.look(UnixMillis(T + 1_100), 1, &mut waiter));
    assert_eq!(purse.land(UnixMillis(T + 1_110), dead, &late), Look::Alone);
    purse.fail(UnixMillis(T + 1_110), dead);
    let granted = grant(&mut state, UnixMillis(T + 1_120), &ask, &LIMITS);
    assert_eq!(purse.land(UnixMillis(T + 1_130), number, &granted), Look::Paid);
    assert!(matches!(purse.look(UnixMillis(T + 1_130), 1, &mut Waiter::default()), Look::Ask(..)));
}

#[test]
fn a_grant_that_lands_after_its_end_pays_nothing() {
    let (mut purse, mut state) = (Purse::default(), State::default());
    let (number, ask) = asked(purse.look(UnixMillis(T), 1, &mut Waiter::default()));
    let granted = grant(&mut state, UnixMillis(T), &ask, &LIMITS);
    assert_eq!(purse.land(UnixMillis(T + 1_900), number, &granted), Look::Alone);
}

#[test]
fn a_step_back_of_the_clock_lengthens_no_lease() {
    let mut pair = Pair::default();
    pair.request(0, 1);
    pair.request(0, 1);
    assert!(matches!(pair.purse.clone().look(UnixMillis(T + 1_500), 1, &mut Waiter::default()), Look::Paid));
    pair.purse.heed(UnixMillis(T + 1_500));
    pair.purse.heed(UnixMillis(T - 90_000));
    let mut later = pair.purse.clone();
    assert_eq!(pair.purse.look(UnixMillis(T - 90_000 + 399), 1, &mut Waiter::default()), Look::Paid);
    assert!(matches!(later.look(UnixMillis(T - 90_000 + 400), 1, &mut Waiter::default()), Look::Ask(..)));
}

#[test]
fn no_time_makes_it_panic() {
    let mut pair = Pair::default();
    for at in [0, i64::MAX - T, i64::MIN, 5, i64::MAX - T, -T] {
        pair.request(at, 1);
        let now = UnixMillis(T + at);
        pair.purse.shown(now);
        pair.purse.gives_back(now);
        pair.purse.is_idle(now);
    }
}

#[test]
fn what_remains_is_shown_once_it_is_known_and_is_exact_when_it_was_just_told() {
    let mut pair = Pair::default();
    let shown = |pair: &Pair, at: i64| {
        let shown = pair.purse.shown(UnixMillis(T + at))?;
        Some((shown.usage[0].remaining(), shown.usage[0].more_in_ms, shown.is_exact))
    };
    assert_eq!(shown(&pair, 0), None);
    pair.request(0, 1);
    assert_eq!(shown(&pair, 0), Some((599, 63_000, true)));
    pair.request(10, 1);
    assert_eq!(shown(&pair, 10), Some((598, 62_990, true)), "without what is in hand");
    pair.request(20, 1);
    assert_eq!(shown(&pair, 20), Some((597, 62_980, false)));
    assert_eq!(pair.give_back(1_720).map(|returned| returned.tokens), None, "it is used up");
    pair.request(2_000, 1);
    assert_eq!(pair.asks, [1, 2, 4]);
    assert_eq!(shown(&pair, 2_000).map(|(remaining, ..)| remaining), Some(596));
    assert_eq!(pair.give_back(3_700).map(|returned| returned.tokens), Some(3));
    assert_eq!(shown(&pair, 3_700).map(|(remaining, ..)| remaining), Some(596), "as much as before");
    assert_eq!(shown(&pair, 61_999).map(|(_, more_in_ms, _)| more_in_ms), Some(1_001));
    assert_eq!(shown(&pair, 62_000), None);
    // Somebody else has tokens too.
    let (mut other, at) = (Purse::default(), 70_000);
    let (number, ask) = asked(other.look(UnixMillis(T + at), 1, &mut Waiter::default()));
    let granted = grant(&mut pair.state, UnixMillis(T + at), &Ask { wish: 5, ..ask }, &LIMITS);
    other.land(UnixMillis(T + at), number, &granted);
    pair.request(at, 1);
    assert!(!shown(&pair, at).unwrap().2);
}

#[test]
fn what_is_put_back_is_spent_again_but_only_of_the_lease_it_came_from() {
    let mut pair = Pair::default();
    pair.request(0, 1);
    pair.request(10, 1);
    assert_eq!(pair.asks, [1, 2]);
    // The second lease had one to spare, beside what its asker cost.
    let now = |at: i64| UnixMillis(T + at);
    let lease = pair.purse.lease();
    assert_eq!(pair.purse.at_hand(now(20), 1), Some(Look::Paid));
    assert_eq!(pair.purse.at_hand(now(20), 1), None, "it is used up, and nobody was asked");
    pair.purse.put_back(lease + 1, 1);
    pair.purse.put_back(0, 1);
    assert_eq!(pair.purse.at_hand(now(30), 1), None, "another lease's");
    pair.purse.put_back(lease, 1);
    pair.purse.put_back(lease, 1);
    assert_eq!(pair.purse.at_hand(now(30), 1), Some(Look::Paid));
    assert_eq!(pair.purse.at_hand(now(30), 1), None, "never more than was lent");
}

#[test]
fn what_somebody_else_may_not_pay_for_as_well_is_put_back_and_goes_back() {
    let mut pair = Pair::default();
    let now = UnixMillis(T);
    let (number, ask) = asked(pair.purse.look(now, 3, &mut Waiter::with_others()));
    let granted = grant(&mut pair.state, now, &ask, &LIMITS);
    assert_eq!(pair.purse.land(now, number, &granted), Look::Paid);
    let (id, ms) = pair.purse.gives_back(now).unwrap();
    assert_eq!((ask.wish, i64::from(ms)), (3, i64::from(MAX_LIFE_MS) - GIVE_BACK_MS));
    pair.purse.put_back(id, 3);
    pair.purse.put_back(id, 3);
    assert_eq!(pair.request(10, 1), Look::Paid, "of what was put back");
    let returned = pair.give_back(1_700).unwrap();
    assert_eq!(returned, Return { id, tokens: 2 });
    assert_eq!(give_back(&mut pair.state, UnixMillis(T + 1_700), returned), 2);
    let usage = peek(&pair.state, UnixMillis(T + 1_700), 1, &LIMITS).usage;
    assert_eq!(usage.map(|usage| usage.used), [1, 1, 1]);
}

#[test]
fn what_a_request_pays_alone_is_spent() {
    let mut pair = Pair::default();
    assert_eq!(pair.request(0, 3), Look::Paid);
    assert_eq!((pair.purse.lease(), pair.purse.gives_back(UnixMillis(T))), (0, None));
    pair.purse.put_back(0, 3);
    assert_eq!(pair.give_back(1_700), None);
}
