//! The systems that tests share.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use valora_tests::running::Running;
use xtask::system::SystemOptions;
use xtask::worker::WorkerVariant;

type Slot = Mutex<Option<Result<Arc<Running>, String>>>;

static SHOP: Slot = Mutex::new(None);
static FAULTY: Slot = Mutex::new(None);

/// Two isolates, the shop's own catalogue. Tests only read. Bodies that never come whole are given up earlier than
/// usual, and so are categories at the edge, so that tests with them end.
pub(crate) fn shop() -> Result<Arc<Running>> {
    shared(&SHOP, |options| {
        SystemOptions { isolates: 2, ..options }
            .with_env("ORIGIN_TIMEOUT_MS", "5000")
            .with_env("CACHE_TTLS", "/api/categories=5")
    })
}

/// The Worker in which faults can be provoked.
pub(crate) fn faulty() -> Result<Arc<Running>> {
    shared(&FAULTY, |options| SystemOptions { worker: WorkerVariant::Faults, ..options })
}

/// Ends them.
pub(crate) fn end() {
    for slot in [&SHOP, &FAULTY] {
        slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Started by whoever comes first; when that fails, it fails for everybody.
fn shared(slot: &Slot, options: impl FnOnce(SystemOptions) -> SystemOptions) -> Result<Arc<Running>> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let start = || Running::start(options).map(Arc::new).map_err(|error| format!("{error:#}"));
    slot.get_or_insert_with(start)
        .clone()
        .map_err(anyhow::Error::msg)
        .context("the shared system did not start")
}
