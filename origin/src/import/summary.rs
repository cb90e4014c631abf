//! What an import did.

use super::columns::Columns;
use std::{fmt, time::Duration};

/// Counts of one import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sources named by the file.
    pub sources: Vec<String>,
    /// Products that were not known before.
    pub new: u64,
    /// Products of which something changed.
    pub changed: u64,
    /// Products of which nothing changed.
    pub unchanged: u64,
    /// Observations added.
    pub observations: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Prices left out of rows that could be read.
    pub faulty_prices: u64,
    /// Products of the file without any price, now or before; they are kept and not offered.
    pub without_price: u64,
    /// From the first byte to the commit.
    pub took: Duration,
}

impl Summary {
    pub(super) fn new(columns: &Columns) -> Self {
        Self {
            sources: columns.sources.iter().map(|(source, _)| source.clone()).collect(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { new, changed, unchanged, observations, rejected, faulty_prices, .. } = self;
        let products = new + changed + unchanged;
        write!(
            f,
            "Imported {products} products from {}: {new} new, {changed} changed, {unchanged} unchanged; \
             {observations} observations; {rejected} rows rejected, {faulty_prices} prices left out",
            self.sources.join(", "),
        )?;
        if self.without_price > 0 {
            write!(
                f,
                "; {} without any price (kept, but not offered until an import brings one)",
                self.without_price
            )?;
        }
        write!(f, "; {}.{:03} s", self.took.as_secs(), self.took.subsec_millis())
    }
}
