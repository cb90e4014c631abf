//! Computing the price of 20,000 products anew.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::{listings, origin, origin_with};
use crate::report::{Block, Budget, Table};
use crate::statistics::Spread;

const RUNS: usize = 5;

pub(crate) fn run() -> Result<Block> {
    let text = format!(
        "`valora-origin recompute` over 20,000 real listings in SQLite, the whole command from start to exit, median \
         of {RUNS}. Each run has another DEFAULT_MARGIN_PERCENT, so that every price changes and is recorded with its \
         events; beside it the same margin once more, where nothing changes."
    );
    let mut block = Block::new("Recompute", text);
    let Some(whole) = listings() else {
        block.text.push_str(" Skipped: ../shared/data/marketplace-20k.csv.gz is not there.");
        return Ok(block);
    };
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("valora.db");
    origin(&database, &["import".as_ref(), &whole])?;
    let (mut changing, mut unchanged) = (Vec::new(), Vec::new());
    let mut told = String::new();
    for run in 0..RUNS {
        let margin = format!("{}.5", run + 4);
        let timed = || -> Result<(f64, String)> {
            let begin = Instant::now();
            let told =
                origin_with(&database, &["recompute".as_ref()], &[("DEFAULT_MARGIN_PERCENT", &margin)])?;
            Ok((begin.elapsed().as_secs_f64(), told))
        };
        let (took, said) = timed()?;
        changing.push(took);
        let (took, again) = timed()?;
        unchanged.push(took);
        ensure!(said != again, "the first run changed nothing: {said}");
        told = said;
    }
    let [changing, unchanged] = [changing, unchanged].map(Spread::of);
    let mut table = Table::new(&["recompute", "seconds (quartiles)"]);
    for (name, spread) in [("every price changes", changing), ("nothing changes", unchanged)] {
        table
            .push(&[name.to_owned(), format!("{:.2} ({:.2}–{:.2})", spread.median, spread.low, spread.high)]);
    }
    block.tables.push(table);
    block.text = format!("{}\n\nThe command said: {}", block.text, told.trim());
    block.budgets =
        vec![Budget::at_most("all 20,000 anew", 5.0, changing.median, |value| format!("{value:.2} s"))];
    Ok(block)
}
