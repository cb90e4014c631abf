//! `lint`: formatting and clippy, natively and on the Worker's own target.

use std::process::Command;

use anyhow::Result;

use crate::apt;
use crate::command::{cargo, run};
use crate::step::step;
use crate::test::Count;
use crate::toolchain::Toolchain;

/// Runs every check, also after one has failed.
pub fn lint() -> Count {
    let mut count = Count::default();
    count.add_result(&check("rustfmt", "all code is formatted", formatting));
    count.add_result(&check("clippy", "no warning in the workspace", native));
    count.add_result(&check("clippy wasm32", "no warning in the Worker on its own target", wasm));
    count
}

fn check(name: &str, what: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    step(name, what, work).inspect_err(|error| eprintln!("error: {error:#}"))
}

fn formatting() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn native() -> Result<()> {
    run(deny(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets"])))
}

/// Code behind `cfg(target_arch = "wasm32")` is seen by no other check.
fn wasm() -> Result<()> {
    let toolchain = Toolchain::ensure()?;
    if matches!(toolchain, Toolchain::Debian(_)) {
        apt::ensure(&[apt::RUST_WEB_CLIPPY])?;
    }
    let mut clippy = toolchain.clippy();
    clippy.args(["--quiet", "--package", "valora-edge", "--lib", "--features", "fault-injection"]);
    toolchain.configure(&mut clippy);
    run(deny(&mut clippy))
}

fn deny(clippy: &mut Command) -> &mut Command {
    clippy.args(["--", "-D", "warnings"])
}
