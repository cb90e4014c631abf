//! Building the Worker: Rust → wasm → wasm-bindgen → wasm-opt → one bundle that workerd runs.

use std::path::PathBuf;

use anyhow::Result;

use crate::toolchain::Toolchain;
use crate::{lock, npm, paths};

mod bindgen;
mod bundle;
mod compile;
mod optimise;
mod size;

pub use size::{LIMIT_BYTES, gzip_size};

/// What goes into the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WorkerVariant {
    /// What is deployed.
    #[default]
    Plain,
    /// With routes that fail on purpose (cargo feature `fault-injection`); tests only.
    Faults,
}

impl WorkerVariant {
    /// Where the finished Worker lies: `index.js` and `index_bg.wasm`.
    pub fn folder(self) -> PathBuf {
        paths::in_root(match self {
            Self::Plain => "build/worker",
            Self::Faults => "build/worker-faults",
        })
    }

    /// The module that workerd starts.
    pub fn script(self) -> PathBuf {
        self.folder().join("index.js")
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "worker",
            Self::Faults => "worker with faults",
        }
    }
}

/// Builds the Worker with all set-up that it needs, or does nothing when it is up to date.
///
/// # Errors
/// When a tool is missing and cannot be installed, when a step fails, or when the Worker is too large.
pub fn build(variant: WorkerVariant) -> Result<()> {
    let toolchain = Toolchain::ensure()?;
    npm::ensure()?;
    let _lock = lock::hold(variant.name())?;
    let wasm = compile::compile(variant, &toolchain)?;
    bundle::finish(variant, &wasm)?;
    size::check(variant)
}
