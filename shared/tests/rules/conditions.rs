//! Conditions and ranges, against a second way of saying the same.

use proptest::prelude::*;
use valora_shared::cache::{Extent, Fields, Preconditions};

fn extent(asked: Preconditions<'_>, fields: &[(String, String)], length: u64) -> Extent {
    asked.extent("GET", 200, Fields(fields), length)
}

fn tag() -> impl Strategy<Value = String> {
    ("(W/)?", "[a-z,]{0,3}").prop_map(|(weak, text)| format!("{weak}\"{text}\""))
}

proptest! {
    #![proptest_config(crate::answers::cases(500))]

    #[test]
    fn a_part_is_what_slicing_the_body_gives(first in 0usize..12, last in 0usize..12, length in 0usize..10) {
        let body: Vec<usize> = (0..length).collect();
        let range = format!("bytes={first}-{last}");
        let asked = Preconditions { range: Some(&range), ..Preconditions::default() };
        let wanted: Vec<usize> = body.iter().copied().filter(|at| (first..=last).contains(at)).collect();
        match extent(asked, &[], u64::try_from(length).unwrap()) {
            Extent::Part(from, to) => {
                let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
                prop_assert_eq!(&body[from..=to], &wanted[..]);
            }
            Extent::Unsatisfiable => prop_assert!(wanted.is_empty() && first <= last),
            Extent::Whole => prop_assert!(first > last),
            Extent::NotModified => prop_assert!(false),
        }
    }

    #[test]
    fn a_suffix_is_the_end_of_the_body(count in 0u64..12, length in 0u64..10) {
        let range = format!("bytes=-{count}");
        let asked = Preconditions { range: Some(&range), ..Preconditions::default() };
        let expected = match count.min(length) {
            0 => Extent::Unsatisfiable,
            count => Extent::Part(length - count, length - 1),
        };
        prop_assert_eq!(extent(asked, &[], length), expected);
    }

    #[test]
    fn a_known_entity_tag_is_found_wherever_it_stands(
        stored in tag(),
        before in prop::collection::vec(tag(), 0..3),
        after in prop::collection::vec(tag(), 0..3),
    ) {
        let fields = [("etag".to_owned(), stored.clone())];
        let ask = |list: &[String]| {
            let text = list.join(", ");
            extent(Preconditions { if_none_match: Some(&text), ..Preconditions::default() }, &fields, 3)
        };
        let others: Vec<String> = before.iter().chain(&after).cloned().collect();
        let strong = |tag: &String| tag.trim_start_matches("W/").to_owned();
        let is_among = others.iter().any(|tag| strong(tag) == strong(&stored));
        prop_assert_eq!(ask(&others) == Extent::NotModified, is_among);
        let all: Vec<String> = before.into_iter().chain([strong(&stored)]).chain(after).collect();
        prop_assert_eq!(ask(&all), Extent::NotModified);
    }

    #[test]
    fn a_condition_that_holds_wins_over_a_range(stored in tag(), range in "bytes=[0-9]-[0-9]?") {
        let fields = [("etag".to_owned(), stored.clone())];
        let asked = Preconditions { if_none_match: Some(&stored), range: Some(&range), ..Preconditions::default() };
        prop_assert_eq!(extent(asked, &fields, 20), Extent::NotModified);
        // If-Range compares strongly, so a weak tag gets all of it.
        let asked = Preconditions { if_range: Some(&stored), range: Some("bytes=0-1"), ..Preconditions::default() };
        let expected = if stored.starts_with("W/") { Extent::Whole } else { Extent::Part(0, 1) };
        prop_assert_eq!(extent(asked, &fields, 20), expected);
    }
}
