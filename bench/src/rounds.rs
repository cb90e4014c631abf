//! Several targets in one run: round after round, each target once per round, in an order of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::load::{Run, Target, load};
use crate::report::{Table, thousands};
use crate::statistics::Spread;

/// An odd number, so that a median is a run; at least the seven that the budgets ask for.
const ROUNDS: usize = 21;
const RUN: Duration = Duration::from_secs(1);

/// All runs, by target and round.
#[derive(Debug)]
pub(crate) struct Rounds {
    names: Vec<String>,
    runs: Vec<Vec<Run>>,
}

impl Rounds {
    /// Measures after one round that does not count; with `paths`, each asks for the lines of that file in turn.
    pub(crate) fn measure(targets: &[Target], paths: Option<&Path>) -> Result<Self> {
        let mut runs = vec![Vec::new(); targets.len()];
        for round in 0..=ROUNDS {
            for index in order(targets.len(), round) {
                let Some(target) = targets.get(index) else { continue };
                let run = load(target, RUN, paths)?;
                if round > 0
                    && let Some(runs) = runs.get_mut(index)
                {
                    runs.push(run);
                }
            }
        }
        Ok(Self { names: targets.iter().map(|target| target.name.clone()).collect(), runs })
    }

    /// Requests per second of a target.
    pub(crate) fn rate(&self, target: usize) -> Spread {
        self.spread(target, |run| run.rate)
    }

    /// The ratio of the medians of requests per second.
    pub(crate) fn ratio(&self, target: usize, base: usize) -> f64 {
        self.rate(target).median / self.rate(base).median
    }

    /// A line for each target; `bases` says what each one's ratio is taken to.
    pub(crate) fn table(&self, bases: &[usize]) -> Table {
        let head = [
            "target",
            "requests/s (quartiles)",
            "CPU µs per request",
            "p50 / p99 ms",
            "ratio (quartiles by round)",
        ];
        let mut table = Table::new(&head);
        for (index, name) in self.names.iter().enumerate() {
            let base = bases.get(index).copied().unwrap_or(index);
            let rate = self.rate(index);
            let by_round = Spread::of(self.pairs(index, base).map(|(run, base)| run.rate / base.rate));
            table.push(&[
                name.clone(),
                format!("{} ({}–{})", thousands(rate.median), thousands(rate.low), thousands(rate.high)),
                format!("{:.1}", self.spread(index, |run| run.cpu_us).median),
                format!(
                    "{:.2} / {:.2}",
                    self.spread(index, |run| run.p50_us).median / 1e3,
                    self.spread(index, |run| run.p99_us).median / 1e3
                ),
                if base == index {
                    "1".to_owned()
                } else {
                    format!("{:.2} ({:.2}–{:.2})", self.ratio(index, base), by_round.low, by_round.high)
                },
            ]);
        }
        table
    }

    fn spread(&self, target: usize, of: impl Fn(&Run) -> f64) -> Spread {
        Spread::of(self.runs.get(target).into_iter().flatten().map(of))
    }

    fn pairs(&self, target: usize, base: usize) -> impl Iterator<Item = (&Run, &Run)> {
        let of = |index: usize| self.runs.get(index).into_iter().flatten();
        of(target).zip(of(base))
    }
}

/// What the method is, for the text above a table.
pub(crate) fn method() -> String {
    format!(
        "{ROUNDS} rounds of one {} s run each after a warm-up round, in an order that differs from round to round, \
         `wrk -t1 -c{}`, one load at a time; medians",
        RUN.as_secs(),
        crate::load::CONNECTIONS
    )
}

/// A shuffle that is another one in each round and the same in each run of the bench.
fn order(count: usize, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    // Fisher-Yates with Knuth's multiplier: statistics need no better randomness than "not always the same".
    let mut state = (round as u64 + 1).wrapping_mul(6_364_136_223_846_793_005);
    for last in (1..count).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap_or(0) % (last + 1);
        order.swap(last, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_has_every_target_once_and_not_always_in_one_order() {
        let orders: std::collections::HashSet<Vec<usize>> = (0..9).map(|round| order(4, round)).collect();
        assert!(orders.len() > 3);
        for mut order in orders {
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3]);
        }
    }
}
