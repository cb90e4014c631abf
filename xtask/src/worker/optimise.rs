//! wasm-opt (binaryen from npm).

use std::path::Path;

use anyhow::Result;

use crate::command::run_quietly;
use crate::npm;

/// What rustc and wasm-bindgen emit, named one by one: `--all-features` would let wasm-opt emit what workerd
/// does not have yet.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-exception-handling",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Shrinks the module and drops its name section (35-60 KB). The first kilobyte of memory is the far end of the stack:
/// nothing has an address there, which makes many offsets simpler.
pub(super) fn optimise(from: &Path, to: &Path) -> Result<()> {
    run_quietly(
        npm::tool("wasm-opt")
            .arg(from)
            .arg("-o")
            .arg(to)
            .args([
                "-Oz",
                "--low-memory-unused",
                "--strip-debug",
                "--strip-producers",
                "--strip-target-features",
            ])
            .args(FEATURES),
    )
}
