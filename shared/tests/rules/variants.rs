//! Requests that mean the same share a variant; others never do.

use std::collections::BTreeMap;

use proptest::prelude::*;
use valora_shared::cache::{Policy, variant, vary_names};

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Accept-Language", "x-a", "X-B", "cookie", "Origin", "accept"])
        .prop_map(str::to_owned)
}

fn request() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(name().prop_map(|name| name.to_ascii_lowercase()), "[a-c]{0,2}", 0..4)
}

proptest! {
    #![proptest_config(crate::answers::cases(500))]

    #[test]
    fn order_case_and_repetition_of_names_say_nothing(names in prop::collection::vec(name(), 0..6)) {
        let backwards: Vec<String> = names.iter().rev().map(|name| name.to_ascii_uppercase()).collect();
        let twice = [names.clone(), backwards.clone()].concat().join(" ,, ");
        let read = vary_names(Policy::Proxy, Some(&names.join(", ")));
        prop_assert_eq!(&vary_names(Policy::Proxy, Some(&backwards.join(","))), &read);
        prop_assert_eq!(&vary_names(Policy::Proxy, Some(&twice)), &read);
    }

    #[test]
    fn a_star_or_what_is_no_name_varies_by_everything(names in prop::collection::vec(name(), 0..4), at in 0usize..4, strange in "[*]|a b|\"x\"|é|a:b") {
        let mut names = names;
        names.insert(at.min(names.len()), strange);
        prop_assert_eq!(vary_names(Policy::Proxy, Some(&names.join(", "))), None);
    }

    #[test]
    fn two_requests_share_a_variant_exactly_when_the_named_fields_agree(
        names in prop::collection::vec(name(), 0..4),
        first in request(),
        second in request(),
    ) {
        let names = vary_names(Policy::Proxy, Some(&names.join(", "))).unwrap();
        let of = |request: &BTreeMap<String, String>| variant(&names, |name| request.get(name).cloned());
        let do_agree = names.iter().all(|name| first.get(name) == second.get(name));
        prop_assert_eq!(of(&first) == of(&second), do_agree);
    }

    #[test]
    fn blanks_around_commas_say_nothing(members in prop::collection::vec("[a-z]{1,3}", 1..5)) {
        let of = |separator: &str| variant(&["x-a"], |_| Some(members.join(separator)));
        prop_assert_eq!(of(","), of(" , "));
        prop_assert_eq!(of(","), of(",\t"));
    }
}
