//! `bench`: everything built for speed, then the bench program.

use anyhow::Result;

use crate::apt;
use crate::command::{cargo, is_installed, run};
use crate::system::SystemOptions;

/// Runs the named benches; all when none is named.
///
/// # Errors
/// When set-up fails or a bench misses its budget.
pub fn bench(names: &[String]) -> Result<()> {
    if !is_installed("wrk") {
        apt::ensure(&[apt::WRK])?;
    }
    SystemOptions { release: true, ..SystemOptions::new("") }.build()?;
    run(cargo().args(["run", "--quiet", "--release", "--package", "valora-bench", "--"]).args(names))
}
