//! Leases against the exact log: booked ahead, spent at any moment of their lives, given back or not.

use crate::log::{Log, T, any_gap, any_limits, cases};
use proptest::{collection::vec, prelude::*};
use valora_shared::{
    rate::{Ask, Limits, MAX_LIFE_MS, Return, State, Verdict, Window, give_back, grant, step},
    time::UnixMillis,
};

/// One call at the limiter.
#[derive(Debug, Clone, Copy)]
struct Call {
    gap: i64,
    cost: u32,
    wish: u32,
    /// 0 for a plain step.
    life_ms: u32,
    /// Where in its life, in percent, the whole lease is spent: at 100 in the last millisecond.
    spent_at: i64,
    /// So many of its spare tokens come back instead, half a second after the grant.
    returned: u32,
}

fn any_call() -> impl Strategy<Value = Call> {
    let life_ms = prop_oneof![1 => Just(0_u32), 2 => 1..=MAX_LIFE_MS, 4 => Just(MAX_LIFE_MS)];
    let spent_at = prop_oneof![2 => Just(100_i64), 1 => Just(0_i64), 1 => 0..=100_i64];
    (any_gap(), 1..4_u32, 0..12_u32, life_ms, spent_at, 0..6_u32).prop_map(
        |(gap, cost, wish, life_ms, spent_at, returned)| Call {
            gap,
            cost,
            wish,
            life_ms,
            spent_at,
            returned,
        },
    )
}

/// A return on its way.
struct Coming {
    at: i64,
    returned: Return,
    expires_at: i64,
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn whenever_leases_are_spent_it_is_never_too_many(
        limits in any_limits(),
        start in 0..900_000_i64,
        calls in vec(any_call(), 1..80),
    ) {
        let (mut state, mut now) = (State::default(), T + start);
        // What was truly spent, and what was booked less what came back.
        let (mut spent, mut booked) = (Log::default(), Vec::<(i64, u32)>::new());
        let mut coming: Vec<Coming> = Vec::new();
        for call in calls {
            now += call.gap;
            coming.sort_by_key(|coming| coming.at);
            while let Some(Coming { at, returned, expires_at }) = coming.first().map(|first| Coming { ..*first })
                && at <= now
            {
                coming.remove(0);
                prop_assert_eq!(give_back(&mut state, UnixMillis(at), returned), returned.tokens);
                prop_assert_eq!(give_back(&mut state, UnixMillis(at), returned), 0);
                let lease = booked.iter_mut().rev().find(|(at, tokens)| *at == expires_at && *tokens >= returned.tokens);
                lease.unwrap().1 -= returned.tokens;
            }
            if call.life_ms == 0 {
                if step(&mut state, UnixMillis(now), call.cost, &limits).is_admitted() {
                    spent.add(now, call.cost);
                    booked.push((now, call.cost));
                }
                continue;
            }
            let ask = Ask { cost: call.cost, wish: call.wish, life_ms: call.life_ms, returned: None, may_return_cost: false };
            let granted = grant(&mut state, UnixMillis(now), &ask, &limits);
            let Some(lease) = granted.lease else {
                let log = booked.iter().fold(Log::default(), |mut log, (at, cost)| {
                    log.add(*at, *cost);
                    log
                });
                let is_too_costly = matches!(granted.decision.verdict, Verdict::TooCostly(_));
                prop_assert!(is_too_costly || !log.would_admit(&limits, now, call.cost, Window::bucket_ms));
                continue;
            };
            prop_assert!(lease.tokens >= call.cost && lease.expires_at - now <= i64::from(MAX_LIFE_MS));
            booked.push((lease.expires_at, lease.tokens));
            let back_at = now + 500;
            let returned = if back_at < lease.expires_at && lease.id != 0 {
                call.returned.min(lease.tokens - call.cost)
            } else {
                0
            };
            if returned > 0 {
                let returned = Return { id: lease.id, tokens: returned };
                coming.push(Coming { at: back_at, returned, expires_at: lease.expires_at });
            }
            spent.add(now + (lease.expires_at - now) * call.spent_at / 100, lease.tokens - returned);
        }
        prop_assert_eq!(spent.obeys(&limits), Ok(()));
    }

    /// The limiter's clock steps back by anything and forward by a bucket at most. In true time a window then is shorter
    /// by the steps forward since the first of its leases was granted, and by nothing else.
    #[test]
    fn a_clock_that_steps_while_leases_are_out_lets_no_more_through(
        limits in any_limits(),
        calls in vec(
            (
                any_call(),
                prop_oneof![9 => Just(0_i64), 1 => -4_000_000..0_i64, 2 => -2_500..0_i64, 2 => 0..=1_000_i64],
            ),
            1..80,
        ),
    ) {
        let (mut state, mut time, mut offset) = (State::default(), T, 0);
        let mut forward: Vec<(i64, i64)> = Vec::new();
        // How many steps came before it was granted, when it was spent, how much.
        let mut spent: Vec<(usize, i64, u32)> = Vec::new();
        for (call, step_by) in calls {
            time += call.gap;
            offset += step_by;
            forward.push((time, step_by.max(0)));
            let ask = Ask { cost: call.cost, wish: call.wish, life_ms: call.life_ms, returned: None, may_return_cost: false };
            if let Some(lease) = grant(&mut state, UnixMillis(time + offset), &ask, &limits).lease {
                spent.push((forward.len(), time + i64::from(lease.life_ms) * call.spent_at / 100, lease.tokens));
            }
        }
        for (_, end, _) in &spent {
            for window in Window::ALL {
                let counts = |before: &usize, spent_at: &i64| {
                    let steps = forward.iter().skip(*before).filter(|(at, _)| at <= end);
                    spent_at <= end && end - spent_at + steps.map(|(_, by)| by).sum::<i64>() <= window.length_ms()
                };
                let in_it = spent.iter().filter(|(before, spent_at, _)| counts(before, spent_at));
                prop_assert!(in_it.map(|(.., tokens)| tokens).sum::<u32>() <= limits.of(window), "{:?}", window);
            }
        }
    }

    /// With leases out, and whether or not anything comes back.
    #[test]
    fn waiting_as_long_as_told_succeeds_with_leases_out(
        limits in any_limits(),
        calls in vec(any_call(), 1..60),
    ) {
        let (mut state, mut now) = (State::default(), T);
        for call in calls {
            now += call.gap;
            let ask = Ask { cost: call.cost, wish: call.wish, life_ms: call.life_ms, returned: None, may_return_cost: false };
            let granted = grant(&mut state, UnixMillis(now), &ask, &limits);
            if let Verdict::Refused(refusal) = granted.decision.verdict {
                let wait = i64::from(refusal.retry_after_ms);
                let after = |ms: i64| step(&mut state.clone(), UnixMillis(now + ms), call.cost, &limits);
                prop_assert!(after(wait).is_admitted());
                prop_assert!(!after(wait - 1).is_admitted());
            }
        }
    }
}

/// Leases taken at the end of one minute and spent at the start of the next.
#[test]
fn tokens_of_the_last_minute_are_not_spent_beside_those_of_the_next() {
    let limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
    for (taken, spent_after) in
        [(58_000, 1_900), (59_500, 1_900), (59_999, 2_000), (60_000, 0), (59_100, 901)]
    {
        for pause in (55_000..66_000).step_by(250) {
            let (mut state, mut log) = (State::default(), Log::default());
            let mut take_all = |from: i64, spent_after: i64| {
                let ask =
                    Ask { cost: 1, wish: 60, life_ms: MAX_LIFE_MS, returned: None, may_return_cost: false };
                while let Some(lease) = grant(&mut state, UnixMillis(T + from), &ask, &limits).lease {
                    log.add(T + from + spent_after, lease.tokens);
                }
            };
            take_all(taken, spent_after);
            take_all(taken + pause, 0);
            take_all(taken + pause + 60_000, 0);
            assert_eq!(log.obeys(&limits), Ok(()), "taken at {taken}, the next {pause} later");
            assert!(log.spent(T, T + 300_000) >= 120, "all was taken each time it could be");
        }
    }
}
