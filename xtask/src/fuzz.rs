//! `fuzz`: builds the fuzzer so that it counts the branches an input reaches, and runs it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::command::{cargo, command, output, run_quietly, run_within};
use crate::paths;
use crate::step::step;

/// Flags that the stable compiler takes: one counter for each branch, and a call that tells where they are.
const COUNTING: [&str; 3] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=3",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
];
/// What it may take longer than asked for.
const GRACE: Duration = Duration::from_mins(1);

/// Builds the fuzzer; does nothing when it is up to date.
///
/// # Errors
/// When it does not compile.
pub fn build() -> Result<()> {
    step("fuzzer", "cargo build with counters", || {
        // With --target the flags are for the fuzzer alone, not for what runs while it is compiled.
        let host = host()?;
        let mut build = cargo();
        build.args(["build", "--quiet", "--package", "valora-fuzz", "--profile", "fuzz", "--target", &host]);
        run_quietly(build.env("RUSTFLAGS", COUNTING.join(" ")))
    })
}

/// Fuzzes the named targets, all when none is named, for so many seconds altogether. It must have been built.
///
/// # Errors
/// When an input breaks a target: what the fuzzer printed names it.
pub fn run(targets: &[String], seconds: u32) -> Result<()> {
    let program = paths::target().join(host()?).join("fuzz/valora-fuzz");
    let mut fuzzer = command(&program);
    fuzzer.arg(seconds.to_string()).args(targets);
    if run_within(&mut fuzzer, Duration::from_secs(seconds.into()) + GRACE)? {
        return Ok(());
    }
    bail!("fuzzing found something, see above")
}

fn host() -> Result<String> {
    let version = output(command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say for which machine it compiles")
}
