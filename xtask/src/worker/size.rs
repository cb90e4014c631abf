//! The Worker's size as it is uploaded: gzip over all its files.

use std::io::Write as _;

use anyhow::{Result, bail};
use flate2::{Compression, write::GzEncoder};

use super::WorkerVariant;

/// design/budgets.md: 300 KiB, so that a cold start stays short.
pub const LIMIT_BYTES: usize = 300 * 1024;

/// Prints the size and refuses a Worker that is too large.
pub(super) fn check(variant: WorkerVariant) -> Result<()> {
    let bytes = gzip_size(variant)?;
    eprintln!("[{}] {:.1} KiB gzip of {} KiB", variant.name(), kib(bytes), LIMIT_BYTES / 1024);
    // The variant with faults is never uploaded and not built for size.
    if variant == WorkerVariant::Plain && bytes > LIMIT_BYTES {
        bail!("the Worker has {:.1} KiB gzip; the budget is {} KiB", kib(bytes), LIMIT_BYTES / 1024);
    }
    Ok(())
}

/// Bytes of `index.js` and `index_bg.wasm`, each packed.
///
/// # Errors
/// When the Worker is not built.
pub fn gzip_size(variant: WorkerVariant) -> Result<usize> {
    let mut total = 0;
    for name in ["index.js", "index_bg.wasm"] {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&std::fs::read(variant.folder().join(name))?)?;
        total += packed.finish()?.len();
    }
    Ok(total)
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}
