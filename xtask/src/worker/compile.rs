//! Cargo's part: `valora-edge` as a wasm module. Cargo itself knows whether anything changed.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::WorkerVariant;
use crate::command::{cargo, run};
use crate::toolchain::{TARGET, Toolchain};
use crate::{paths, step};

/// Compiles and returns the path of the .wasm.
pub(super) fn compile(variant: WorkerVariant, toolchain: &Toolchain) -> Result<PathBuf> {
    let profile = profile(variant);
    let mut build = cargo();
    build.args(["build", "--package", "valora-edge", "--lib", "--profile", profile]);
    if variant == WorkerVariant::Faults {
        build.args(["--features", "fault-injection"]);
    }
    toolchain.configure(&mut build);
    let begin = Instant::now();
    run(&mut build).context("the Worker does not compile")?;
    let taken = begin.elapsed();
    if taken.as_secs() >= 2 {
        eprintln!("[{}] compiled in {:.1} s", variant.name(), taken.as_secs_f64());
        step::remember(&format!("compile {}", variant.name()), taken);
    }
    Ok(paths::target().join(TARGET).join(profile).join("valora_edge.wasm"))
}

/// Each variant has a profile of its own: a cdylib's file name carries no hash, so in one folder the two
/// would overwrite each other behind cargo's back, and it would call the wrong one fresh.
fn profile(variant: WorkerVariant) -> &'static str {
    match variant {
        WorkerVariant::Plain => "worker",
        WorkerVariant::Faults => "worker-faults",
    }
}
