//! Purses of several isolates against one limiter.

use crate::{
    city::{City, Terms},
    log::{any_limits, cases},
};
use proptest::{collection::vec, prelude::*};
use valora_shared::rate::Limits;

const GUIDES: Limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
const WIDE: Limits = Limits { minute: 60_000, hour: 1_000_000, day: 10_000_000 };

fn calm_terms(limits: Limits, isolates: usize) -> Terms {
    Terms {
        limits,
        offsets: (0..isolates).map(|isolate| 1_000 * i64::try_from(isolate).unwrap()).collect(),
        tick_ms: 1,
        latencies: vec![10],
        lost: 0,
        step_back: None,
    }
}

fn calm(limits: Limits, isolates: usize) -> City {
    City::new(calm_terms(limits, isolates))
}

proptest! {
    #![proptest_config(cases(60))]

    /// Whatever the clocks show and the network does: never more than the limit in any window of true time.
    #[test]
    fn isolates_together_never_spend_too_much(
        limits in prop_oneof![any_limits(), Just(GUIDES)],
        offsets in vec(-9_000_000..9_000_000_i64, 1..5),
        tick_ms in prop_oneof![Just(1_i64), 2..=90_i64],
        latencies in vec(prop_oneof![4 => 1..60_i64, 1 => 1..990_i64], 1..20),
        lost in prop_oneof![Just(0_usize), 2..9_usize],
        step_back in proptest::option::of((2..20_usize, 1..90_000_i64)),
        requests in vec(
            (
                prop_oneof![6 => Just(0_i64), 6 => 0..200_i64, 3 => 0..2_500_i64, 1 => 55_000..64_000_i64],
                0..5_usize,
                prop_oneof![4 => Just(1_u32), 1 => 1..4_u32],
            ),
            1..150,
        ),
    ) {
        let isolates = offsets.len();
        let mut city = City::new(Terms { limits, offsets, tick_ms, latencies, lost, step_back });
        let (mut at, all) = (0, requests.len());
        for (gap, isolate, cost) in requests {
            at += gap;
            city.request(at, isolate % isolates, cost);
        }
        city.run();
        prop_assert_eq!(city.spent.obeys(&limits), Ok(()));
        let answered = (city.passed + city.alone + city.died) as usize + city.refused.len();
        prop_assert_eq!(answered, all, "each is answered once");
    }
}

#[test]
fn of_a_thousand_at_once_exactly_as_many_pass_as_may() {
    for isolates in [1, 4] {
        let mut city = calm(GUIDES, isolates);
        for request in 0..1_000 {
            city.request(i64::try_from(request / 100).unwrap(), request % isolates, 1);
        }
        city.run();
        assert_eq!((city.passed, city.alone), (60, 0), "{isolates} isolates");
    }
}

#[test]
fn a_slow_client_is_never_refused() {
    let limits = Limits { hour: 100_000, day: 100_000, ..GUIDES };
    for (gap, tick_ms) in [(1_100, 1), (1_100, 50), (1_150, 1)] {
        let mut city = City::new(Terms { tick_ms, ..calm_terms(limits, 1) });
        for request in 0..2_000 {
            city.request(request * gap, 0, 1);
        }
        city.run();
        assert_eq!((city.passed, city.refused.len(), city.alone), (2_000, 0, 0), "every {gap} ms");
    }
}

/// 10 clients with 500 requests a second between them are 50 a second each.
#[test]
fn a_steady_client_far_from_its_limit_makes_few_calls() {
    let mut city = calm(WIDE, 1);
    for request in 0..6_000 {
        city.request(request * 20, 0, 1);
    }
    city.run();
    assert_eq!(city.passed, 6_000);
    let calls = city.asks + city.returns;
    assert!(calls * 100 <= 6_000 * 3, "{calls} calls");
}

#[test]
fn a_page_of_thirty_at_once_makes_few_calls() {
    for limits in [GUIDES, WIDE] {
        let mut city = calm(limits, 1);
        for _ in 0..30 {
            city.request(0, 0, 1);
        }
        city.run();
        let calls = city.asks + city.returns;
        assert!(city.passed == 30 && calls <= 9, "{calls} calls");
    }
}

/// A client that is refused waits as long as it was told and then gets through, though it is told by purses.
#[test]
fn who_waits_as_told_is_let_through() {
    let mut waits = Vec::new();
    for pause in (0..3_000).step_by(370) {
        let mut city = calm(GUIDES, 2);
        for request in 0..70 {
            city.request(request * 10, usize::try_from(request % 2).unwrap(), 1);
        }
        // Asked and told, and told again by the purse.
        city.request(5_000 + pause, 0, 1);
        city.request(5_100 + pause, 0, 1);
        city.run();
        waits.extend(
            city.refused.iter().rev().take(2).map(|(at, _, decision)| (*at - crate::log::T, *decision)),
        );
    }
    for (at, decision) in waits {
        let valora_shared::rate::Verdict::Refused(refusal) = decision.verdict else { panic!("{decision:?}") };
        let mut city = calm(GUIDES, 2);
        for request in 0..70 {
            city.request(request * 10, usize::try_from(request % 2).unwrap(), 1);
        }
        let refused_before = 10;
        city.request(at + i64::from(refusal.retry_after_ms), 0, 1);
        city.run();
        assert_eq!(city.refused.len(), refused_before, "told {refusal:?} at {at}");
    }
}
