//! Running `cargo test` and counting while its output goes by.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, Result};

use super::Count;
use crate::command::cargo;
use crate::step::step;

/// Runs `cargo test` with arguments for cargo and for the test programs.
pub(super) fn cargo_test(name: &str, for_cargo: &[&str], for_tests: &[&str]) -> Result<Count> {
    let mut tests = cargo();
    tests.args(["test", "--no-fail-fast"]).args(for_cargo).arg("--").args(for_tests).stdout(Stdio::piped());
    step(name, "cargo test", || {
        let mut child = tests.spawn().context("cannot start cargo")?;
        let mut count = Count::default();
        let output = child.stdout.take().context("cargo has no output")?;
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            count.add_line(&line);
        }
        // A program that does not compile, or that crashes, prints no result.
        if !child.wait()?.success() && count.failed == 0 {
            count += Count::one_failed();
        }
        Ok(count)
    })
}
