//! A stored answer grows old and never young again; purges and clients only ever make it older.

use proptest::prelude::*;
use valora_shared::cache::{Keeping, RequestControl, Reuse};
use valora_shared::events::PurgeMode;
use valora_shared::time::UnixMillis;

use crate::answers::{NOW, stored};

fn keeping() -> impl Strategy<Value = Keeping> {
    let seconds = || prop_oneof![Just(0u32), 1u32..100, 1u32..2_000_000_000];
    let age = prop_oneof![Just(0i64), 0i64..100_000];
    (seconds(), seconds(), seconds(), any::<bool>(), prop::bool::weighted(0.2), age).prop_map(
        |(
            lifetime_seconds,
            stale_while_revalidate,
            stale_if_error,
            forbids_stale,
            no_cache,
            initial_age_ms,
        )| Keeping {
            lifetime_seconds,
            stale_while_revalidate,
            stale_if_error,
            forbids_stale,
            no_cache,
            initial_age_ms,
            vary: Vec::new(),
        },
    )
}

fn control() -> impl Strategy<Value = RequestControl> {
    let seconds = || prop::option::weighted(0.3, prop_oneof![Just(0u32), 1u32..200]);
    (seconds(), seconds(), seconds(), prop::bool::weighted(0.1)).prop_map(
        |(max_age, min_fresh, max_stale, no_cache)| RequestControl {
            max_age,
            min_fresh,
            max_stale,
            no_cache,
            ..RequestControl::default()
        },
    )
}

/// The most that may be done with what is checked first.
const CHECKED: Reuse = Reuse::Revalidate { may_serve_on_error: true };

fn purge() -> impl Strategy<Value = Option<PurgeMode>> {
    prop::sample::select(vec![
        None,
        Some(PurgeMode::Soft),
        Some(PurgeMode::Revalidate),
        Some(PurgeMode::Hard),
    ])
}

fn later(ms: i64) -> UnixMillis {
    UnixMillis(NOW.0 + ms)
}

proptest! {
    #![proptest_config(crate::answers::cases(500))]

    #[test]
    fn time_only_takes_away(keeping in keeping(), purged in purge(), first in 0i64..400_000, more in 0i64..400_000) {
        let stored = stored(keeping);
        let at = |ms| stored.reuse(later(ms), &RequestControl::default(), purged).0;
        prop_assert!(at(first + more) <= at(first));
        prop_assert!(stored.age_ms(later(first + more)) >= stored.age_ms(later(first)));
    }

    #[test]
    fn fresh_ends_with_the_lifetime(keeping in keeping(), ms in 0i64..400_000) {
        let stored = stored(keeping);
        let (reuse, _) = stored.reuse(later(ms), &RequestControl::default(), None);
        let age_ms = stored.keeping.initial_age_ms + ms;
        let lifetime_ms = i64::from(stored.keeping.lifetime_seconds) * 1000;
        prop_assert!(reuse != Reuse::Fresh || age_ms < lifetime_ms);
        let window_ms = lifetime_ms + i64::from(stored.keeping.stale_while_revalidate) * 1000;
        prop_assert!(reuse != Reuse::WhileRevalidate || (age_ms < window_ms && !stored.keeping.forbids_stale));
        let window_ms = lifetime_ms + i64::from(stored.keeping.stale_if_error) * 1000;
        let on_error = Reuse::Revalidate { may_serve_on_error: true };
        prop_assert!(reuse != on_error || (age_ms < window_ms && !stored.keeping.forbids_stale));
    }

    #[test]
    fn what_is_checked_each_time_is(keeping in keeping(), control in control(), ms in 0i64..400_000) {
        let stored = stored(Keeping { no_cache: true, ..keeping });
        let (reuse, _) = stored.reuse(later(ms), &control, None);
        prop_assert!(reuse <= CHECKED);
    }

    #[test]
    fn a_purge_only_takes_away_and_a_hard_one_all(keeping in keeping(), ms in 0i64..400_000) {
        let stored = stored(keeping);
        let of = |purged| stored.reuse(later(ms), &RequestControl::default(), purged).0;
        let modes = [None, Some(PurgeMode::Soft), Some(PurgeMode::Revalidate), Some(PurgeMode::Hard)];
        prop_assert!(modes.windows(2).all(|pair| of(pair[1]) <= of(pair[0])));
        prop_assert_eq!(of(Some(PurgeMode::Hard)), Reuse::Gone);
        prop_assert!(of(Some(PurgeMode::Revalidate)) <= CHECKED, "it is checked first");
        prop_assert!(of(Some(PurgeMode::Soft)) <= Reuse::WhileRevalidate, "it is stale at least");
    }

    #[test]
    fn a_client_without_max_stale_only_takes_away(keeping in keeping(), control in control(), purged in purge(), ms in 0i64..400_000) {
        let stored = stored(keeping);
        let control = RequestControl { max_stale: None, ..control };
        let (asked, _) = stored.reuse(later(ms), &control, purged);
        let (anyone, _) = stored.reuse(later(ms), &RequestControl::default(), purged);
        prop_assert!(asked <= anyone);
        prop_assert!(!control.no_cache || asked <= CHECKED);
        let age_ms = stored.keeping.initial_age_ms + ms;
        prop_assert!(control.max_age.is_none_or(|max| asked <= CHECKED || age_ms < i64::from(max) * 1000));
    }

    #[test]
    fn max_stale_opens_no_more_than_it_says(keeping in keeping(), max in 0u32..200, ms in 0i64..400_000) {
        let stored = stored(keeping);
        let control = RequestControl { max_stale: Some(max), ..RequestControl::default() };
        let (reuse, _) = stored.reuse(later(ms), &control, None);
        let staleness_ms = stored.keeping.initial_age_ms + ms - i64::from(stored.keeping.lifetime_seconds) * 1000;
        let is_own = stored.reuse(later(ms), &RequestControl::default(), None).0 >= Reuse::WhileRevalidate;
        prop_assert!(is_own || reuse < Reuse::WhileRevalidate || staleness_ms <= i64::from(max) * 1000);
        prop_assert!(!(stored.keeping.forbids_stale && staleness_ms > 0) || reuse <= CHECKED);
    }

    #[test]
    fn a_clock_set_back_does_not_make_it_live_for_ever(keeping in keeping(), back in 1_001i64..1_000_000_000) {
        let stored = stored(keeping);
        let (reuse, _) = stored.reuse(later(-back), &RequestControl::default(), None);
        prop_assert!(reuse <= CHECKED);
    }
}
