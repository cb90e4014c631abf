//! What the origin holds in memory.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use xtask::system::{System, SystemOptions};

use super::{listings, origin};
use crate::benches::import::ids_with_price;
use crate::load::{Target, load};
use crate::process::resident_bytes;
use crate::report::{Block, Budget, Table};
use crate::statistics::float64;

const IDLE_LIMIT: f64 = 30e6;
const LOADED_LIMIT: f64 = 120e6;
/// After its start the allocator's first pages settle.
const SETTLE: Duration = Duration::from_secs(3);
const LOAD: Duration = Duration::from_secs(10);

pub(crate) fn run() -> Result<Block> {
    let text = format!(
        "Resident memory of the release origin (VmRSS and its peak, VmHWM): {} s after its start with 26 products, and \
         with 20,000 products after {} s of `wrk -c16` on the first page of 500 and {} s on single products and their \
         prices.",
        SETTLE.as_secs(),
        LOAD.as_secs(),
        LOAD.as_secs()
    );
    let mut block = Block::new("Origin: memory", text);
    let mut table = Table::new(&["state", "now", "peak"]);
    let mut push = |state: &str, (now, peak): (u64, u64)| {
        table.push(&[state.to_owned(), megabytes(float64(now)), megabytes(float64(peak))]);
    };

    let data = tempfile::tempdir()?;
    let system = start(data.path())?;
    std::thread::sleep(SETTLE);
    let idle = resident_bytes(system.origin_pid().context("no origin")?)?;
    push("idle, 26 products", idle);
    block.budgets.push(Budget::at_most("idle", IDLE_LIMIT, float64(idle.1), megabytes));
    drop(system);

    if let Some(file) = listings() {
        let data = tempfile::tempdir()?;
        origin(&data.path().join("valora.db"), &["import".as_ref(), &file])?;
        let system = start(data.path())?;
        let pid = system.origin_pid().context("no origin")?;
        std::thread::sleep(SETTLE);
        push("idle, 20,000 products", resident_bytes(pid)?);
        let target = Target {
            name: "origin".to_owned(),
            url: format!("{}/api/products", system.origin_url()),
            headers: Vec::new(),
            pids: vec![pid],
        };
        load(&target, LOAD, None)?;
        push("after the first page of 500", resident_bytes(pid)?);
        let paths = paths_file(data.path(), &file)?;
        load(&target, LOAD, Some(&paths))?;
        let loaded = resident_bytes(pid)?;
        push("after products and prices", loaded);
        block.budgets.push(Budget::at_most(
            "20,000 products under load",
            LOADED_LIMIT,
            float64(loaded.1),
            megabytes,
        ));
    } else {
        block.text.push_str(" Skipped with 20,000 products: the file is not there.");
    }
    block.tables.push(table);
    Ok(block)
}

fn start(data: &Path) -> Result<System> {
    let options = SystemOptions { release: true, inherit: false, ..SystemOptions::new(data) }.unlimited();
    System::start(options.with_env("LOG_LEVEL", "warn"))
}

/// Every product that has a price, itself and its price.
fn paths_file(folder: &Path, listings: &Path) -> Result<std::path::PathBuf> {
    let path = folder.join("paths.txt");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for id in ids_with_price(listings)? {
        writeln!(file, "/api/products/{id}\n/api/products/{id}/price")?;
    }
    file.flush()?;
    Ok(path)
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}
