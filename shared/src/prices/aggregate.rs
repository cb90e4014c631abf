//! The lowest trustworthy price among what the sources say.

use super::{Confidence, MILLIS_PER_HOUR, quartiles::quartiles_x4};
use crate::{money::Paise, time::UnixMillis};

/// One source's newest price for a product, shipping included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The source's name, such as `flipkart`.
    pub source: String,
    /// Price with shipping.
    pub paise: Paise,
    /// How far the source is believed.
    pub confidence: Confidence,
    /// When it was seen.
    pub observed_at: UnixMillis,
}

/// What the quotes agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// The minimum of the quotes that were kept.
    pub lowest: Paise,
    /// Their mean, weighted by confidence and age, rounded down. Reported only; never below `lowest`.
    pub weighted_mean: Paise,
    /// Names of the kept sources close to `lowest`, in the order given.
    pub supporters: Vec<String>,
}

/// From this many trusted quotes on outliers can be told from the rest.
const MIN_QUOTES_FOR_OUTLIERS: usize = 4;
/// Age at which a weight would reach zero (0.05 an hour), in milliseconds.
const FULL_DECAY_MS: i64 = 20 * MILLIS_PER_HOUR;

/// Applies the rule of prices.md; `None` when no quote is trusted.
///
/// Quotes at or below [`Confidence::THRESHOLD`] are dropped; of four or more, those outside
/// q1 − 1.5·iqr … q3 + 1.5·iqr are dropped too (an iqr of 0 drops nothing). Sources within
/// max(1, ⌊lowest / 100⌋) paise of the lowest support it.
pub fn aggregate(quotes: &[Quote], now: UnixMillis) -> Option<Aggregate> {
    let trusted: Vec<&Quote> = quotes.iter().filter(|q| q.confidence > Confidence::THRESHOLD).collect();
    let kept = without_outliers(trusted);
    let lowest = kept.iter().map(|q| q.paise).min()?;
    let reach = (lowest.0 / 100).max(1);
    let supporters =
        kept.iter().filter(|q| q.paise.0 - lowest.0 <= reach).map(|q| q.source.clone()).collect();
    Some(Aggregate { lowest, weighted_mean: weighted_mean(&kept, now), supporters })
}

fn without_outliers(quotes: Vec<&Quote>) -> Vec<&Quote> {
    if quotes.len() < MIN_QUOTES_FOR_OUTLIERS {
        return quotes;
    }
    let mut ascending: Vec<i64> = quotes.iter().map(|q| q.paise.0).collect();
    ascending.sort_unstable();
    let Some((q1, q3)) = quartiles_x4(&ascending) else { return quotes };
    let iqr = q3 - q1;
    if iqr == 0 {
        return quotes;
    }
    // Everything times eight, so that 1.5 × a quarter-paisa stays an integer.
    let (low, high) = (2 * q1 - 3 * iqr, 2 * q3 + 3 * iqr);
    quotes.into_iter().filter(|q| (low..=high).contains(&(8 * i128::from(q.paise.0)))).collect()
}

fn weighted_mean(kept: &[&Quote], now: UnixMillis) -> Paise {
    let (mut sum, mut weights) = (0_i128, 0_i128);
    for quote in kept {
        let freshness = (FULL_DECAY_MS - now.since(quote.observed_at)).max(FULL_DECAY_MS / 2);
        let weight = i128::from(quote.confidence.ten_thousandths()) * i128::from(freshness);
        sum += weight * i128::from(quote.paise.0);
        weights += weight;
    }
    // Trusted quotes have a positive weight; a mean of i64s fits an i64.
    Paise(sum.checked_div(weights).and_then(|mean| i64::try_from(mean).ok()).unwrap_or(0))
}

#[cfg(test)]
#[path = "aggregate_tests.rs"]
mod tests;
