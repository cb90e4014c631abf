use super::*;
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

fn quote(source: &str, paise: i64, confidence: i64, age_hours: i64) -> Quote {
    Quote {
        source: source.to_owned(),
        paise: Paise(paise),
        confidence: Confidence::from_ten_thousandths(confidence).unwrap(),
        observed_at: UnixMillis(NOW.0 - age_hours * MILLIS_PER_HOUR),
    }
}

#[test]
fn the_lowest_of_two_marketplaces_wins_and_names_its_supporter() {
    let result =
        aggregate(&[quote("flipkart", 37_900, 9_500, 0), quote("amazon", 43_800, 9_500, 0)], NOW).unwrap();
    assert_eq!(result.lowest, Paise(37_900));
    assert_eq!(result.supporters, ["flipkart"]);
    assert_eq!(result.weighted_mean, Paise(40_850));
}

#[test]
fn a_source_within_one_percent_supports_too() {
    let quotes = [quote("a", 10_000, 9_500, 0), quote("b", 10_100, 9_500, 0), quote("c", 10_101, 9_500, 0)];
    assert_eq!(aggregate(&quotes, NOW).unwrap().supporters, ["a", "b"]);
    let cheap = [quote("a", 50, 9_500, 0), quote("b", 51, 9_500, 0), quote("c", 52, 9_500, 0)];
    assert_eq!(aggregate(&cheap, NOW).unwrap().supporters, ["a", "b"]);
}

#[test]
fn a_source_at_the_threshold_is_not_trusted() {
    assert_eq!(aggregate(&[quote("a", 10_000, 9_000, 0)], NOW), None);
    let result = aggregate(&[quote("a", 10_000, 9_000, 0), quote("b", 20_000, 9_001, 0)], NOW).unwrap();
    assert_eq!(result.lowest, Paise(20_000));
}

#[test]
fn an_outlier_among_many_is_dropped_but_among_three_is_believed() {
    let mut quotes = vec![quote("typo", 100, 9_500, 0)];
    for (name, paise) in
        [("a", 10_000), ("b", 10_050), ("c", 10_100), ("d", 10_150), ("e", 10_200), ("f", 10_250)]
    {
        quotes.push(quote(name, paise, 9_500, 0));
    }
    assert_eq!(aggregate(&quotes, NOW).unwrap().lowest, Paise(10_000));
    assert_eq!(aggregate(&quotes[..3], NOW).unwrap().lowest, Paise(100));
}

#[test]
fn equal_quartiles_drop_nothing() {
    let mut quotes: Vec<Quote> =
        ["a", "b", "c", "d", "e", "f", "g"].map(|name| quote(name, 10_000, 9_500, 0)).into();
    quotes.push(quote("low", 9_000, 9_500, 0));
    assert_eq!(aggregate(&quotes, NOW).unwrap().lowest, Paise(9_000));
}

#[test]
fn age_lowers_a_weight_to_half_and_no_further() {
    let fresh_and_old =
        |hours| aggregate(&[quote("a", 10_000, 9_500, 0), quote("b", 40_000, 9_500, hours)], NOW);
    assert_eq!(fresh_and_old(0).unwrap().weighted_mean, Paise(25_000));
    assert_eq!(fresh_and_old(10).unwrap().weighted_mean, Paise(20_000));
    assert_eq!(fresh_and_old(500).unwrap().weighted_mean, Paise(20_000));
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(aggregate(&[], NOW), None);
}

fn quotes() -> impl Strategy<Value = Vec<Quote>> {
    let one = (1_i64..=200_000_000, 8_500_i64..=10_000, 0_i64..60);
    prop::collection::vec(one, 0..12).prop_map(|rows| {
        rows.into_iter().enumerate().map(|(i, (p, c, age))| quote(&format!("s{i}"), p, c, age)).collect()
    })
}

proptest! {
    #[test]
    fn the_lowest_is_a_trusted_quote_that_supports_itself(quotes in quotes()) {
        match aggregate(&quotes, NOW) {
            None => prop_assert!(quotes.iter().all(|q| q.confidence <= Confidence::THRESHOLD)),
            Some(result) => {
                let supporter = |name: &String| quotes.iter().find(|q| &q.source == name).unwrap();
                prop_assert!(result.supporters.iter().any(|s| supporter(s).paise == result.lowest));
                for name in &result.supporters {
                    prop_assert!(supporter(name).confidence > Confidence::THRESHOLD);
                    prop_assert!(supporter(name).paise.0 <= result.lowest.0 + (result.lowest.0 / 100).max(1));
                }
                prop_assert!(result.weighted_mean >= result.lowest);
            }
        }
    }

    #[test]
    fn order_does_not_matter(quotes in quotes(), seed in any::<u64>()) {
        let mut shuffled = quotes.clone();
        let len = shuffled.len();
        for i in (1..len).rev() {
            shuffled.swap(i, usize::try_from(seed.rotate_left(u32::try_from(i).unwrap()) % 97).unwrap() % (i + 1));
        }
        let sorted = |result: Option<Aggregate>| result.map(|mut r| { r.supporters.sort(); r });
        prop_assert_eq!(sorted(aggregate(&quotes, NOW)), sorted(aggregate(&shuffled, NOW)));
    }

    #[test]
    fn a_dearer_extra_quote_never_lowers_the_price(quotes in quotes()) {
        if let Some(before) = aggregate(&quotes[..quotes.len().min(3)], NOW) {
            let mut more = quotes[..quotes.len().min(2)].to_vec();
            if let Some(fewer) = aggregate(&more, NOW) {
                more.push(quote("dear", 200_000_000, 9_500, 0));
                prop_assert_eq!(aggregate(&more, NOW).unwrap().lowest, fewer.lowest);
            }
            prop_assert!(before.lowest.0 > 0);
        }
    }
}
