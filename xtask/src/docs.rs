//! `docs`: writes the generated documents again.

use anyhow::Result;

use crate::command::{cargo, run};

/// Runs the generator, which lives with the test that compares its output with what is committed.
///
/// # Errors
/// When it does not compile or cannot write.
pub fn docs() -> Result<()> {
    run(cargo().args(["run", "--quiet", "--package", "valora-tests", "--bin", "valora-docs"]))
}
