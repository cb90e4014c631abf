//! [`step`] against the exact log.

use crate::log::{Log, T, any_gap, any_limits, cases};
use proptest::{collection::vec, prelude::*};
use valora_shared::{
    rate::{Limits, State, Usage, Verdict, Window, peek, step},
    time::UnixMillis,
};

fn bucket(window: Window) -> i64 {
    window.bucket_ms()
}

proptest! {
    #![proptest_config(cases(300))]

    /// Both sides: never more than the limit in any window, and never refused where a log that looks back one bucket
    /// longer would admit.
    #[test]
    fn never_too_many_and_too_few_by_a_bucket_at_most(
        limits in any_limits(),
        start in 0..900_000_i64,
        calls in vec((any_gap(), 1..4_u32), 1..100),
    ) {
        let (mut state, mut log, mut now) = (State::default(), Log::default(), T + start);
        for (gap, cost) in calls {
            now += gap;
            let decision = step(&mut state, UnixMillis(now), cost, &limits);
            match decision.verdict {
                Verdict::Admitted => log.add(now, cost),
                Verdict::Refused(_) => prop_assert!(!log.would_admit(&limits, now, cost, bucket)),
                Verdict::TooCostly(windows) => {
                    prop_assert!(windows.iter().all(|window| cost > limits.of(window)));
                }
            }
        }
        prop_assert_eq!(log.obeys(&limits), Ok(()));
    }

    /// What remains is what an otherwise idle client can still spend.
    #[test]
    fn what_remains_can_be_spent_and_no_more(
        limits in any_limits(),
        calls in vec((any_gap(), 1..4_u32), 1..60),
    ) {
        let (mut state, mut now) = (State::default(), T);
        for (gap, cost) in calls {
            now += gap;
            let decision = step(&mut state, UnixMillis(now), cost, &limits);
            let rest = decision.usage.iter().map(Usage::remaining).min().unwrap();
            prop_assert!(peek(&state, UnixMillis(now), rest, &limits).is_admitted());
            prop_assert!(!peek(&state, UnixMillis(now), rest + 1, &limits).is_admitted());
            for (usage, window) in decision.usage.iter().zip(Window::ALL) {
                let at = |ms: u32| peek(&state, UnixMillis(now + i64::from(ms)), 0, &limits).usage;
                let used = |ms: u32| at(ms)[Window::ALL.iter().position(|known| *known == window).unwrap()].used;
                if usage.used > 0 {
                    prop_assert!(used(usage.more_in_ms) < usage.used);
                    prop_assert_eq!(used(usage.more_in_ms - 1), usage.used);
                }
            }
        }
    }

    /// Waiting as long as told succeeds, not a millisecond less does, and two buckets less would be too many.
    #[test]
    fn retry_after_is_true(
        limits in any_limits(),
        start in 0..900_000_i64,
        calls in vec((any_gap(), 1..4_u32), 1..60),
    ) {
        let (mut state, mut log, mut now) = (State::default(), Log::default(), T + start);
        for (gap, cost) in calls {
            now += gap;
            match step(&mut state, UnixMillis(now), cost, &limits).verdict {
                Verdict::Admitted => log.add(now, cost),
                Verdict::TooCostly(_) => {}
                Verdict::Refused(refusal) => {
                    let wait = i64::from(refusal.retry_after_ms);
                    let after = |ms: i64| step(&mut state.clone(), UnixMillis(now + ms), cost, &limits);
                    prop_assert!(after(wait).is_admitted());
                    prop_assert!(!after(wait - 1).is_admitted());
                    prop_assert!(refusal.violated.iter().any(|window| window == refusal.longest));
                    let early = now + wait - 2 * refusal.longest.bucket_ms();
                    prop_assert!(!log.would_admit(&limits, early, cost, |_| 1));
                }
            }
        }
    }

    /// The clock steps back by anything and forward by a bucket at most. In true time a window then is shorter by the
    /// steps forward that it contains, and by nothing else.
    #[test]
    fn a_clock_that_steps_lets_no_more_through(
        limits in any_limits(),
        calls in vec(
            (any_gap(), prop_oneof![12 => Just(0_i64), 2 => -4_000_000..0_i64, 2 => -1_500..0_i64, 1 => 0..=1_000_i64]),
            1..100,
        ),
    ) {
        let (mut state, mut time, mut offset, mut forward) = (State::default(), T, 0, 0);
        let mut admitted: Vec<(i64, i64)> = Vec::new();
        for (gap, step_by) in calls {
            time += gap;
            offset += step_by;
            forward += step_by.max(0);
            if step(&mut state, UnixMillis(time + offset), 1, &limits).is_admitted() {
                admitted.push((time, forward));
                for window in Window::ALL {
                    let in_it = admitted.iter().filter(|(at, stepped)| {
                        time - at + (forward - stepped) <= window.length_ms()
                    });
                    prop_assert!(in_it.count() <= limits.of(window) as usize, "{:?}", window);
                }
            }
        }
    }

    #[test]
    fn a_state_is_idle_exactly_when_it_decides_as_a_new_one(
        limits in any_limits(),
        calls in vec((any_gap(), 1..4_u32), 1..20),
    ) {
        let (mut state, mut now) = (State::default(), T);
        for (gap, cost) in calls {
            now += gap;
            step(&mut state, UnixMillis(now), cost, &limits);
        }
        if let Some(end) = state.forgotten_at() {
            let look = |at| peek(&state, at, 1, &limits);
            prop_assert_eq!(look(end).usage, limits.unused());
            prop_assert!(state.is_idle(end));
            prop_assert_ne!(look(UnixMillis(end.0 - 1)).usage, limits.unused());
            prop_assert!(!state.is_idle(UnixMillis(end.0 - 1)));
        }
    }
}

/// A step forward within a bucket may truly let two through that are a little less than a window apart: the module's
/// documentation says so, and this holds it to that.
#[test]
fn a_step_forward_shortens_the_window_by_itself_and_no_more() {
    let limits = Limits { minute: 1, hour: 9, day: 9 };
    let mut state = State::default();
    assert!(step(&mut state, UnixMillis(T + 900), 1, &limits).is_admitted());
    // 59.5 s later, on a clock that has gained 0.7 s.
    assert!(step(&mut state.clone(), UnixMillis(T + 61_100), 1, &limits).is_admitted());
    // 59.5 s later, on one that has not.
    assert!(!step(&mut state, UnixMillis(T + 60_400), 1, &limits).is_admitted());
}
