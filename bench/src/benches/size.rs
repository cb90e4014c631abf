//! How large the Worker is.

use anyhow::Result;
use xtask::worker::{LIMIT_BYTES, WorkerVariant, gzip_size};

use crate::report::{Block, Budget, Table, thousands};
use crate::statistics::{float, float64};

pub(crate) fn run() -> Result<Block> {
    let mut block = Block::new("Worker: size", "The two files that are uploaded, each packed with gzip -9.");
    let variant = WorkerVariant::Plain;
    let mut table = Table::new(&["file", "bytes"]);
    for name in ["index.js", "index_bg.wasm"] {
        let bytes = std::fs::metadata(variant.folder().join(name))?.len();
        table.push(&[format!("`{name}`"), thousands(float64(bytes))]);
    }
    let packed = gzip_size(variant)?;
    table.push(&["both, gzip".to_owned(), thousands(float(packed))]);
    block.tables.push(table);
    let kib = |bytes: f64| format!("{:.1} KiB", bytes / 1024.0);
    block.budgets.push(Budget::at_most("Worker, gzip", float(LIMIT_BYTES), float(packed), kib));
    Ok(block)
}
