use super::*;
use crate::rate::{Limits, Refusal, Verdict, Window};

const T: i64 = 1_790_000_100_000;
const LIMITS: Limits = Limits { minute: 2, hour: 10, day: 20 };

fn admits(state: &mut State, at: i64) -> bool {
    step(state, UnixMillis(T + at), 1, &LIMITS).is_admitted()
}

fn refusal(state: &State, at: i64, cost: u32) -> Refusal {
    match peek(state, UnixMillis(T + at), cost, &LIMITS).verdict {
        Verdict::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_less_than_a_minute_ago_counts_wherever_in_its_second_it_stood() {
    assert_eq!(T % 900_000, 0, "at the start of a quarter of an hour");
    let mut state = State::default();
    assert!(admits(&mut state, 900) && admits(&mut state, 900));
    assert!(!admits(&mut state, 60_000));
    // Exactly a minute after, both ends of which count.
    assert!(!admits(&mut state, 60_900));
    assert!(!admits(&mut state, 60_999));
    assert!(admits(&mut state, 61_000));
}

#[test]
fn a_new_minute_on_the_clock_is_no_new_allowance() {
    let mut state = State::default();
    assert!(admits(&mut state, 59_000) && admits(&mut state, 59_999));
    assert!(!admits(&mut state, 60_000));
    assert!(!admits(&mut state, 119_999));
    assert!(admits(&mut state, 120_000));
}

#[test]
fn an_hour_and_a_day_slide_as_a_minute_does() {
    for (window, limits) in [
        (Window::Hour, Limits { minute: 9, hour: 3, day: 9 }),
        (Window::Day, Limits { minute: 9, hour: 9, day: 3 }),
    ] {
        let mut state = State::default();
        let in_its_bucket = window.bucket_ms() - 1;
        let mut at = |ms: i64| step(&mut state, UnixMillis(T + ms), 1, &limits).is_admitted();
        assert!(at(in_its_bucket) && at(in_its_bucket) && at(window.bucket_ms()));
        assert!(!at(window.length_ms()));
        assert!(!at(window.length_ms() + in_its_bucket));
        assert!(at(window.length_ms() + window.bucket_ms()));
        assert!(at(window.length_ms() + window.bucket_ms()));
        assert!(!at(window.length_ms() + window.bucket_ms()));
    }
}

#[test]
fn a_refused_request_costs_nothing_in_any_window() {
    let limits = Limits { minute: 5, hour: 3, day: 9 };
    let mut state = State::default();
    assert!(step(&mut state, UnixMillis(T), 2, &limits).is_admitted());
    for _ in 0..100 {
        assert!(!step(&mut state, UnixMillis(T), 2, &limits).is_admitted());
    }
    let decision = step(&mut state, UnixMillis(T), 1, &limits);
    assert!(decision.is_admitted());
    assert_eq!(decision.usage.map(|usage| (usage.used, usage.remaining())), [(3, 2), (3, 0), (3, 6)]);
}

#[test]
fn retry_after_is_when_enough_has_left_in_the_window_that_takes_longest() {
    let mut state = State::default();
    assert!(admits(&mut state, 100) && admits(&mut state, 30_500));
    assert_eq!(refusal(&state, 40_000, 1).retry_after_ms, 21_000);
    assert_eq!(refusal(&state, 40_000, 2).retry_after_ms, 51_000);
    for minute in 1..=4 {
        assert!(admits(&mut state, minute * 100_000 + 500) && admits(&mut state, minute * 100_000 + 500));
    }
    let refusal = refusal(&state, 415_000, 1);
    assert_eq!((refusal.longest, refusal.retry_after_ms), (Window::Hour, 3_660_000 - 415_000));
    assert_eq!(refusal.violated.iter().collect::<Vec<_>>(), [Window::Minute, Window::Hour]);
}

#[test]
fn what_costs_more_than_a_limit_never_fits() {
    let limits = Limits { minute: 5, hour: 3, day: 9 };
    let Verdict::TooCostly(windows) = step(&mut State::default(), UnixMillis(T), 4, &limits).verdict else {
        panic!("it is not told apart");
    };
    assert_eq!(windows.iter().collect::<Vec<_>>(), [Window::Hour]);
    let none = Limits { minute: 0, hour: 0, day: 0 };
    assert!(matches!(step(&mut State::default(), UnixMillis(T), 1, &none).verdict, Verdict::TooCostly(_)));
}

#[test]
fn a_limit_that_was_lowered_below_what_is_used_refuses_until_enough_has_left() {
    let mut state = State::default();
    let high = Limits { minute: 100, ..LIMITS };
    assert!(step(&mut state, UnixMillis(T), 5, &high).is_admitted());
    let decision = peek(&state, UnixMillis(T), 1, &LIMITS);
    assert_eq!((decision.usage[0].used, decision.usage[0].remaining()), (5, 0));
    assert_eq!(refusal(&state, 0, 1).retry_after_ms, 61_000);
    assert!(peek(&state, UnixMillis(T), 0, &LIMITS).is_admitted(), "what costs nothing always fits");
}

#[test]
fn a_look_spends_nothing_and_says_the_same() {
    let mut state = State::default();
    assert!(admits(&mut state, 0));
    let before = state.clone();
    let look = peek(&state, UnixMillis(T + 10), 1, &LIMITS);
    assert_eq!(state, before);
    let decision = step(&mut state, UnixMillis(T + 10), 1, &LIMITS);
    assert_eq!(look.verdict, decision.verdict);
    assert_eq!((look.usage[0].used, decision.usage[0].used), (1, 2));
}

#[test]
fn time_stands_still_while_the_clock_is_behind() {
    let mut state = State::default();
    assert!(admits(&mut state, 10_000) && admits(&mut state, 10_000));
    assert!(!admits(&mut state, -50_000));
    // Its own clock has to go from there to where the second leaves.
    assert_eq!(refusal(&state, -50_000, 1).retry_after_ms, 50_000 + 71_000);
    assert!(!admits(&mut state, 70_999) && admits(&mut state, 71_000));
}

#[test]
fn a_client_is_idle_once_nothing_counts() {
    let mut state = State::default();
    assert!(state.is_idle(UnixMillis(T)) && state.forgotten_at().is_none());
    assert!(admits(&mut state, 900_000));
    let end = state.forgotten_at().unwrap();
    assert_eq!(end.0, T + 900_000 + 86_400_000 + 900_000);
    assert!(!state.is_idle(UnixMillis(end.0 - 1)) && state.is_idle(end));
    assert_eq!(peek(&state, UnixMillis(end.0 - 1), 0, &LIMITS).usage[2].used, 1);
    assert_eq!(peek(&state, end, 0, &LIMITS).usage[2].used, 0);
}

#[test]
fn a_reset_client_has_spent_nothing_and_believes_the_clock_again() {
    let mut state = State::default();
    assert!(admits(&mut state, 86_400_000 * 365) && admits(&mut state, 0) && !admits(&mut state, 0));
    state.reset(UnixMillis(T));
    assert!(state.is_idle(UnixMillis(T)));
    assert!(
        admits(&mut state, 0)
            && admits(&mut state, 0)
            && !admits(&mut state, 0)
            && admits(&mut state, 61_000)
    );
}

#[test]
fn no_time_makes_it_panic() {
    let mut state = State::default();
    for at in [i64::MIN, -1, 0, 1, T, i64::MAX, T, 0, i64::MIN] {
        step(&mut state, UnixMillis(at), 1, &LIMITS);
        peek(&state, UnixMillis(at), 1, &LIMITS);
        assert!(State::from_bytes(&state.to_bytes()).is_some());
    }
}

#[test]
fn alone_an_eighth_goes_through_and_a_dear_request_takes_all_of_it() {
    let limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
    let mut state = State::default();
    let mut alone = |cost| book_on_failure(&mut state, UnixMillis(T), cost, &limits).0;
    assert!(alone(1).is_admitted() && alone(6).is_admitted() && !alone(1).is_admitted());
    assert!(matches!(alone(61).verdict, Verdict::TooCostly(_)));
    let mut state = State::default();
    let mut alone = |cost| book_on_failure(&mut state, UnixMillis(T), cost, &limits).0;
    assert!(alone(10).is_admitted() && !alone(1).is_admitted());
}

#[test]
fn what_did_not_go_through_elsewhere_is_taken_back_once() {
    let mut state = State::default();
    let at = UnixMillis(T + 500);
    assert!(admits(&mut state, 0));
    let before = state.clone();
    let (decision, booking) = book(&mut state, at, 1, &LIMITS);
    assert!(decision.is_admitted() && !admits(&mut state, 600));
    take_back(&mut state, booking.unwrap());
    assert_eq!(state.spent(), before.spent());
    assert!(admits(&mut state, 700) && !admits(&mut state, 800));
    assert_eq!(book(&mut state, at, 1, &LIMITS).1, None, "what is refused has spent nothing");
    // Forgotten by time: nothing else is taken back for it.
    let (_, booking) = book(&mut state, UnixMillis(T + 61_700), 1, &LIMITS);
    assert!(admits(&mut state, 2 * 86_400_000));
    let before = state.clone();
    take_back(&mut state, booking.unwrap());
    assert_eq!(state, before);
}
