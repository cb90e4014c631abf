use super::*;
use crate::rate::step;

const T: i64 = 1_790_000_100_000;
const LIMITS: Limits = Limits { minute: 60, hour: 1_000, day: 10_000 };

fn ask(cost: u32, wish: u32) -> Ask {
    Ask { cost, wish, life_ms: MAX_LIFE_MS, returned: None, may_return_cost: false }
}

fn used(state: &State, at: i64) -> [u32; 3] {
    crate::rate::peek(state, UnixMillis(T + at), 0, &LIMITS).usage.map(|usage| usage.used)
}

#[test]
fn a_lease_is_at_most_a_quarter_of_what_remains_and_at_least_what_is_needed() {
    let mut state = State::default();
    let mut lent = |cost, wish| {
        grant(&mut state, UnixMillis(T), &ask(cost, wish), &LIMITS)
            .lease
            .map(|lease| (lease.id, lease.tokens))
    };
    assert_eq!(lent(1, 100), Some((1, 15)));
    assert_eq!(lent(1, 100), Some((2, 11)));
    assert_eq!(lent(20, 100), Some((0, 20)));
    assert_eq!(lent(1, 3), Some((3, 3)));
    assert_eq!(lent(1, 100), Some((4, 2)));
    assert_eq!(lent(1, 0), Some((0, 1)));
    assert_eq!(lent(9, 9), None);
    // The last ones are lent one by one.
    assert_eq!(lent(1, 100), Some((5, 2)));
    for _ in 0..6 {
        assert_eq!(lent(1, 100), Some((0, 1)));
    }
    assert_eq!(lent(1, 100), None);
}

#[test]
fn all_of_a_lease_counts_from_its_grant_until_a_minute_after_its_expiry() {
    let mut state = State::default();
    let lease = grant(&mut state, UnixMillis(T + 999), &ask(2, 10), &LIMITS).lease.unwrap();
    assert_eq!((lease.tokens, lease.life_ms, lease.expires_at), (10, 2_000, T + 2_999));
    assert_eq!(used(&state, 999), [10; 3]);
    assert_eq!(used(&state, 62_999), [10; 3]);
    assert_eq!(used(&state, 63_000), [0, 10, 10]);
}

#[test]
fn a_life_is_never_longer_than_the_ring_reaches() {
    let mut state = State::default();
    let long = Ask { life_ms: u32::MAX, ..ask(1, 4) };
    assert_eq!(grant(&mut state, UnixMillis(T), &long, &LIMITS).lease.unwrap().expires_at, T + 2_000);
}

#[test]
fn what_is_left_comes_back_once_and_in_time() {
    let mut state = State::default();
    let lease = grant(&mut state, UnixMillis(T), &ask(1, 10), &LIMITS).lease.unwrap();
    let other = grant(&mut state, UnixMillis(T), &ask(1, 10), &LIMITS).lease.unwrap();
    let left = |tokens| Return { id: lease.id, tokens };
    let mut back = |at, returned| give_back(&mut state, UnixMillis(T + at), returned);
    assert_eq!(back(5, Return { id: 77, tokens: 9 }), 0);
    assert_eq!(back(5, left(4)), 4);
    assert_eq!(back(5, left(4)), 0);
    assert_eq!(back(2_000, Return { id: other.id, tokens: 5 }), 0);
    assert_eq!(used(&state, 2_000), [16; 3]);
}

#[test]
fn no_more_comes_back_than_was_spare() {
    let mut state = State::default();
    let lease = grant(&mut state, UnixMillis(T), &ask(4, 10), &LIMITS).lease.unwrap();
    assert_eq!(give_back(&mut state, UnixMillis(T), Return { id: lease.id, tokens: u32::MAX }), 6);
    assert_eq!(used(&state, 0), [4; 3]);
    // Nothing is known of a lease that the asking request took whole.
    assert_eq!(grant(&mut state, UnixMillis(T), &ask(4, 4), &LIMITS).lease.unwrap().id, 0);
    assert_eq!(give_back(&mut state, UnixMillis(T), Return { id: 0, tokens: 4 }), 0);
}

#[test]
fn what_comes_back_with_the_next_ask_may_be_lent_again() {
    let limits = Limits { minute: 8, ..LIMITS };
    let mut state = State::default();
    let lease = grant(&mut state, UnixMillis(T), &ask(1, 2), &limits).lease.unwrap();
    assert!(step(&mut state, UnixMillis(T), 6, &limits).is_admitted());
    assert!(!grant(&mut state, UnixMillis(T), &ask(1, 1), &limits).decision.is_admitted());
    let returned = Some(Return { id: lease.id, tokens: 1 });
    let again = grant(&mut state, UnixMillis(T), &Ask { returned, ..ask(1, 1) }, &limits);
    assert!(again.decision.is_admitted() && again.decision.usage[0].remaining() == 0);
}

#[test]
fn what_others_have_out_is_told() {
    let mut state = State::default();
    let first = grant(&mut state, UnixMillis(T), &ask(1, 10), &LIMITS);
    let second = grant(&mut state, UnixMillis(T), &ask(2, 5), &LIMITS);
    assert_eq!((first.out, second.out), (0, 9));
    assert_eq!(grant(&mut state, UnixMillis(T + 100), &ask(1, 1), &LIMITS).out, 12);
    assert_eq!(grant(&mut state, UnixMillis(T + 2_000), &ask(1, 1), &LIMITS).out, 0);
}

#[test]
fn with_many_leases_out_nobody_is_lent_more_than_it_needs() {
    let mut state = State::default();
    for _ in 0..MAX_LEASES {
        assert!(grant(&mut state, UnixMillis(T), &ask(1, 2), &LIMITS).lease.unwrap().tokens == 2);
    }
    let lease = grant(&mut state, UnixMillis(T), &ask(1, 2), &LIMITS).lease.unwrap();
    assert_eq!((lease.id, lease.tokens), (0, 1));
    assert_eq!(grant(&mut state, UnixMillis(T + 2_000), &ask(1, 2), &LIMITS).lease.unwrap().tokens, 2);
}

#[test]
fn an_old_lease_is_not_taken_for_a_new_one_after_a_reset() {
    let mut state = State::default();
    let old = grant(&mut state, UnixMillis(T), &ask(1, 10), &LIMITS).lease.unwrap();
    state.reset(UnixMillis(T));
    let new = grant(&mut state, UnixMillis(T), &ask(1, 10), &LIMITS).lease.unwrap();
    assert_ne!(old.id, new.id);
    assert_eq!(give_back(&mut state, UnixMillis(T), Return { id: old.id, tokens: 9 }), 0);
}

#[test]
fn what_isolate_and_limiter_tell_each_other_is_short() {
    let mut state = State::default();
    step(&mut state, UnixMillis(T), 50, &LIMITS);
    let asked = Ask { returned: Some(Return { id: 300, tokens: 20 }), ..ask(1, 40) };
    let bytes = postcard::to_allocvec(&asked).unwrap();
    assert_eq!((bytes.len(), postcard::from_bytes(&bytes)), (9, Ok(asked)));
    for cost in [1, 20, 100] {
        let granted = grant(&mut state, UnixMillis(T), &ask(cost, 40), &LIMITS);
        let bytes = postcard::to_allocvec(&granted).unwrap();
        assert!(bytes.len() < 48, "{}", bytes.len());
        assert_eq!(postcard::from_bytes(&bytes), Ok(granted));
    }
}

#[test]
fn where_too_many_leases_are_out_not_even_a_cost_comes_back() {
    let mut state = State::default();
    let ask = Ask { may_return_cost: true, ..ask(1, 1) };
    for number in 1..=MAX_LEASES + 3 {
        let lease = grant(&mut state, UnixMillis(T), &ask, &LIMITS).lease.unwrap();
        assert_eq!(lease.id == 0, number > MAX_LEASES);
    }
    assert_eq!(State::from_bytes(&state.to_bytes()), Some(state));
}
