//! `bench`: everything built for speed, then the bench program; and the cache's score with the public test suite.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::command::{cargo, is_installed, run};
use crate::system::SystemOptions;
use crate::{apt, conformance};

/// The one that is no bench of speed.
const CACHE_TESTS: &str = "cache-tests";

/// Runs the named benches; all of speed when none is named. `suite` is a checkout for `cache-tests`.
///
/// # Errors
/// When set-up fails or a bench misses its budget.
pub fn bench(mut names: Vec<String>, suite: Option<PathBuf>) -> Result<()> {
    let is_speed_meant = names.is_empty() || names.iter().any(|name| name != CACHE_TESTS);
    if names.iter().any(|name| name == CACHE_TESTS) {
        conformance::bench(suite)?;
        names.retain(|name| name != CACHE_TESTS);
    } else {
        ensure!(suite.is_none(), "--suite is for cache-tests");
    }
    if !is_speed_meant {
        return Ok(());
    }
    if !is_installed("wrk") {
        apt::ensure(&[apt::WRK])?;
    }
    SystemOptions { release: true, ..SystemOptions::new("") }.build()?;
    run(cargo().args(["run", "--quiet", "--release", "--package", "valora-bench", "--"]).args(names))
}
