//! The price rules against the Python backend's formula, restated here in whole numbers and fractions, on 100,000
//! random inputs. Nothing of the code under test is used to say what is right.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "python_formula/fraction.rs"]
mod fraction;

use fraction::Fraction;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use valora_shared::{
    money::{Margin, Paise},
    prices::{Confidence, PriceRule, Quote, aggregate, display_price},
    time::UnixMillis,
};

const INPUTS: u32 = 100_000;
const NOW: i64 = 1_790_000_000_000;
const HOUR_MS: i64 = 3_600_000;

/// A quote as plain numbers.
#[derive(Debug, Clone)]
struct Said {
    paise: i64,
    confidence: i64,
    age_ms: i64,
}

/// What the formula makes of quotes: lowest, weighted mean rounded down, which of them support the lowest.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    lowest: i64,
    mean: i64,
    supporters: Vec<usize>,
}

/// `statistics.quantiles(data, n=4, method="exclusive")[cut - 1]`.
fn quantile(sorted: &[i64], cut: usize) -> Fraction {
    let m = sorted.len() + 1;
    let j = (cut * m / 4).clamp(1, sorted.len() - 1);
    let delta = i64::try_from(cut * m).unwrap() - i64::try_from(j * 4).unwrap();
    let sum = Fraction::whole(sorted[j - 1]) * Fraction::whole(4 - delta)
        + Fraction::whole(sorted[j]) * Fraction::whole(delta);
    sum / Fraction::whole(4)
}

fn expected(said: &[Said]) -> Option<Expected> {
    let trusted: Vec<usize> = (0..said.len())
        .filter(|i| Fraction::new(said[*i].confidence.into(), 10_000) > Fraction::new(9, 10))
        .collect();
    let mut kept = trusted.clone();
    if trusted.len() >= 4 {
        let mut sorted: Vec<i64> = trusted.iter().map(|i| said[*i].paise).collect();
        sorted.sort_unstable();
        let (q1, q3) = (quantile(&sorted, 1), quantile(&sorted, 3));
        let reach = Fraction::new(3, 2) * (q3 - q1);
        if q1 != q3 {
            kept.retain(|i| {
                let price = Fraction::whole(said[*i].paise);
                price >= q1 - reach && price <= q3 + reach
            });
        }
    }
    let lowest = kept.iter().map(|i| said[*i].paise).min()?;
    let (mut sum, mut weights) = (Fraction::whole(0), Fraction::whole(0));
    for i in &kept {
        let hours = Fraction::new(said[*i].age_ms.into(), HOUR_MS.into());
        let fresh = Fraction::whole(1) - Fraction::new(1, 20) * hours;
        let fresh = if fresh < Fraction::new(1, 2) { Fraction::new(1, 2) } else { fresh };
        let weight = Fraction::new(said[*i].confidence.into(), 10_000) * fresh;
        sum = sum + weight * Fraction::whole(said[*i].paise);
        weights = weights + weight;
    }
    let near = Fraction::new(lowest.into(), 100).floor().max(1);
    let supporters = kept.into_iter().filter(|i| said[*i].paise <= lowest + near).collect();
    Some(Expected { lowest, mean: (sum / weights).floor(), supporters })
}

fn actual(said: &[Said]) -> Option<Expected> {
    let quotes: Vec<Quote> = said
        .iter()
        .enumerate()
        .map(|(i, said)| Quote {
            source: i.to_string(),
            paise: Paise(said.paise),
            confidence: Confidence::from_ten_thousandths(said.confidence).unwrap(),
            observed_at: UnixMillis(NOW - said.age_ms),
        })
        .collect();
    let found = aggregate(&quotes, UnixMillis(NOW))?;
    Some(Expected {
        lowest: found.lowest.0,
        mean: found.weighted_mean.0,
        supporters: found.supporters.iter().map(|name| name.parse().unwrap()).collect(),
    })
}

/// Marketplaces that roughly agree, some that do not, and prices that meet exactly.
fn quotes() -> impl Strategy<Value = Vec<Said>> {
    (1_i64..=200_000_000).prop_flat_map(|around| {
        let paise = prop_oneof![
            6 => (-200_i64..=200).prop_map(move |off| around + around * off / 1_000),
            2 => Just(around),
            1 => (-3_i64..=3).prop_map(move |off| around + off),
            1 => 1_i64..=200_000_000,
        ];
        let paise = paise.prop_map(|paise| paise.clamp(1, 200_000_000));
        let confidence = prop_oneof![4 => 9_001_i64..=10_000, 1 => 0_i64..=10_000, 1 => Just(9_000_i64)];
        let said = (paise, confidence, 0_i64..=30 * HOUR_MS);
        let said = said.prop_map(|(paise, confidence, age_ms)| Said { paise, confidence, age_ms });
        proptest::collection::vec(said, 0..12)
    })
}

fn check<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: INPUTS, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap();
}

#[test]
fn aggregates_are_those_of_the_formula() {
    check(&quotes(), |said| {
        prop_assert_eq!(actual(&said), expected(&said));
        Ok(())
    });
}

#[test]
fn display_prices_are_those_of_the_formula_and_within_a_paisa_of_its_floats() {
    check(&(1_i64..=200_000_000, 0_i64..=9_000), |(lowest, basis_points)| {
        let margin = Margin::from_basis_points(basis_points).unwrap();
        let shown = display_price(Paise(lowest), margin, PriceRule::default()).0;
        let kept = Fraction::whole(1) - Fraction::new(basis_points.into(), 10_000);
        prop_assert_eq!(shown, (Fraction::whole(lowest) * kept).floor());
        // int(lowest * (1 - margin / 100)) in IEEE 754 doubles, which Python's floats are too.
        #[expect(clippy::cast_precision_loss, reason = "below 2^53, so exact")]
        let floats = lowest as f64 * (1.0 - basis_points as f64 / 100.0 / 100.0);
        #[expect(clippy::cast_possible_truncation, reason = "that is Python's int()")]
        let floats = floats as i64;
        prop_assert!((floats - shown).abs() <= 1, "{} by floats, {} by us", floats, shown);
        Ok(())
    });
}

#[test]
fn the_restated_formula_knows_outliers_and_quantiles() {
    let quote = |paise| Said { paise, confidence: 9_500, age_ms: 0 };
    let said: Vec<Said> = [100, 10_000, 10_050, 10_100, 10_150, 10_200, 10_250].map(quote).into();
    assert_eq!(expected(&said).unwrap().lowest, 10_000, "the outlier is dropped");
    assert_eq!(expected(&said[..3]).unwrap().lowest, 100, "three cannot outvote one");
    // statistics.quantiles([100, 100, 100, 900]) is [100.0, 100.0, 700.0].
    assert_eq!(quantile(&[100, 100, 100, 900], 3), Fraction::whole(700));
}
