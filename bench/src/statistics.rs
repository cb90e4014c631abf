//! Medians and quartiles.

/// The middle of some measurements and how far they spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The first quartile.
    pub(crate) low: f64,
    /// The median.
    pub(crate) median: f64,
    /// The third quartile.
    pub(crate) high: f64,
}

impl Spread {
    /// Of at least one measurement; of none, zeros.
    pub(crate) fn of(measured: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = measured.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self { low: at(&sorted, 1), median: at(&sorted, 2), high: at(&sorted, 3) }
    }
}

/// The value a number of quarters along, between its neighbours where it falls between two.
fn at(sorted: &[f64], quarters: usize) -> f64 {
    let steps = sorted.len().saturating_sub(1) * quarters;
    let below = sorted.get(steps / 4).copied().unwrap_or_default();
    let above = sorted.get(steps.div_ceil(4)).copied().unwrap_or(below);
    below + (above - below) * float(steps % 4) / 4.0
}

/// For arithmetic with measurements, which are far from 2^52.
#[expect(clippy::cast_precision_loss, reason = "counts of this program stay far below 2^52")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

/// The same for wide counts.
#[expect(clippy::cast_precision_loss, reason = "counts of this program stay far below 2^52")]
pub(crate) fn float64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_neighbours() {
        assert_eq!(Spread::of([4.0, 1.0, 3.0, 2.0]), Spread { low: 1.75, median: 2.5, high: 3.25 });
        assert_eq!(Spread::of([5.0]), Spread { low: 5.0, median: 5.0, high: 5.0 });
        assert_eq!(Spread::of([1.0, 2.0, 3.0]), Spread { low: 1.5, median: 2.0, high: 2.5 });
    }
}
