//! The cache's score with the public test suite for HTTP caches does not fall (docs/CONFORMANCE.md).

use anyhow::{Result, ensure};
use xtask::conformance::{self, FLOOR};

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![the_score_with_the_public_suite_does_not_fall]
}

fn the_score_with_the_public_suite_does_not_fall() -> Result<()> {
    // Lifetimes of a second or two are a matter of luck on a machine that stands still for as long.
    check().or_else(|_| check())
}

fn check() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let score = conformance::default_score(folder.path())?;
    let failed: Vec<_> =
        score.failed().into_iter().map(|test| format!("{}: {}", test.id, test.detail)).collect();
    ensure!(failed.is_empty(), "required tests failed:\n{}", failed.join("\n"));
    let passed = score.passed();
    ensure!(
        passed.required >= FLOOR.required && passed.optimal >= FLOOR.optimal,
        "{}; the floor is {} and {}",
        score.summary(),
        FLOOR.required,
        FLOOR.optimal
    );
    Ok(())
}
