//! What may never be kept is not kept, and a stricter word never makes a longer life.

use proptest::prelude::*;
use valora_shared::cache::{
    Fields, Keeping, Lifetimes, MAX_SECONDS, NotKept, Policy, RequestControl, ResponseControl, Rows, tags,
};

use crate::answers::{decide, fields, proxy, shop, status, value, with};

proptest! {
    #![proptest_config(crate::answers::cases(500))]

    #[test]
    fn nothing_private_forbidden_or_personal_is_kept_in_the_shop(status in status(), fields in fields()) {
        let Ok(keeping) = shop(status, &fields) else { return Ok(()) };
        let targeted = Fields(&fields).get("cdn-cache-control").and_then(ResponseControl::parse_targeted);
        let governing = targeted.unwrap_or_else(|| ResponseControl::parse(value(&fields, "cache-control")));
        prop_assert!(!governing.private);
        prop_assert!(!governing.no_store || governing.must_understand);
        prop_assert!(!Fields(&fields).has("set-cookie"));
        prop_assert!(!matches!(status, 206 | 304 | 0..=199 | 600..));
        prop_assert!(!value(&fields, "vary").contains('*'));
        let stale_seconds = keeping.stale_while_revalidate.max(keeping.stale_if_error);
        prop_assert!(status != 404 || (keeping.lifetime_seconds <= 60 && stale_seconds == 0));
        prop_assert!(keeping.lifetime_seconds <= MAX_SECONDS);
        // What fails is kept only where it says itself for how long.
        let own = governing.s_maxage.or(governing.max_age).is_some() || Fields(&fields).has("expires");
        prop_assert!(matches!(status, 200 | 404) || own);
    }

    #[test]
    fn an_invalid_targeted_field_says_nothing(status in status(), fields in fields()) {
        let without: Vec<_> =
            fields.iter().filter(|(name, _)| name != "cdn-cache-control").cloned().collect();
        for invalid in ["max-age=;;", "MAX-AGE=60", "a, ,b"] {
            prop_assert_eq!(shop(status, &with(&fields, "cdn-cache-control", invalid)), shop(status, &without));
        }
    }

    #[test]
    fn a_valid_targeted_field_governs_alone(status in status(), fields in fields(), other in fields()) {
        let given = |fields: &[(String, String)]| {
            let mut fields = with(fields, "cdn-cache-control", "max-age=60, stale-while-revalidate=5");
            fields.retain(|(name, _)| name == "cdn-cache-control" || !matches!(name.as_str(), "expires" | "cache-control"));
            fields
        };
        let plain = given(&fields);
        let cache_control = with(&plain, "cache-control", value(&other, "cache-control"));
        let expires = with(&cache_control, "expires", "0");
        prop_assert_eq!(shop(status, &plain), shop(status, &expires));
        prop_assert_eq!(proxy(status, &plain), proxy(status, &expires));
    }

    #[test]
    fn a_stricter_word_never_lengthens_life(
        status in status(),
        fields in fields(),
        word in prop::sample::select(vec!["no-store", "no-cache", "private", "must-revalidate", "max-age=0", "s-maxage=0"]),
    ) {
        let field = if Fields(&fields).get("cdn-cache-control").and_then(ResponseControl::parse_targeted).is_some() {
            // A dictionary's last member counts.
            ("cdn-cache-control", format!("{}, {word}", value(&fields, "cdn-cache-control")))
        } else {
            ("cache-control", format!("{word}, {}", value(&fields, "cache-control")))
        };
        let stricter = with(&fields, field.0, &field.1);
        for decide in [shop, proxy] {
            let (Ok(before), Ok(after)) = (decide(status, &fields), decide(status, &stricter)) else { continue };
            prop_assert!(unchecked_seconds(&after) <= unchecked_seconds(&before), "{} in {:?}", word, fields);
        }
        if matches!(word, "no-store" | "private") && !value(&stricter, field.0).contains("must-understand") {
            prop_assert_eq!(shop(status, &stricter), Err(NotKept::Forbidden));
        }
    }

    #[test]
    fn a_client_that_forbids_storing_is_heeded(status in status(), fields in fields()) {
        let control = RequestControl { no_store: true, ..RequestControl::default() };
        prop_assert!(decide(Policy::Proxy, status, &fields, false, control).is_err());
    }

    #[test]
    fn an_authorised_answer_is_shared_only_where_that_is_said(status in status(), fields in fields()) {
        let table = Lifetimes::new(300, &Rows::default());
        for policy in [Policy::Proxy, Policy::Shop(&table)] {
            if decide(policy, status, &fields, true, RequestControl::default()).is_ok() {
                let said = format!("{} {}", value(&fields, "cache-control"), value(&fields, "cdn-cache-control"));
                let said = said.to_ascii_lowercase();
                prop_assert!(["public", "s-maxage", "must-revalidate"].iter().any(|word| said.contains(word)));
            }
        }
    }

    #[test]
    fn tags_come_out_whole_sorted_and_once(given in prop::collection::btree_set("[a-z0-9:-]{1,12}", 0..8), twice in any::<bool>()) {
        let mut list: Vec<&str> = given.iter().rev().map(String::as_str).collect();
        if twice {
            list.extend(given.iter().map(String::as_str));
        }
        let text = list.join(", ,");
        prop_assert_eq!(tags(Some(&text)), given.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// For how long it may be used without asking anybody.
fn unchecked_seconds(keeping: &Keeping) -> u64 {
    if keeping.no_cache { 0 } else { u64::from(keeping.lifetime_seconds) }
}
