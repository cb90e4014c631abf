//! The systems that tests run against.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use valora_tests::client::Client;
use xtask::system::{System, SystemOptions};
use xtask::worker::WorkerVariant;

/// A running system and the folder it keeps things in; both are gone when this is dropped.
pub(crate) struct Running {
    // In this order: the folder is still in use while the system ends.
    system: System,
    _data: TempDir,
}

type Slot = Mutex<Option<Result<Arc<Running>, String>>>;

static SHOP: Slot = Mutex::new(None);
static FAULTY: Slot = Mutex::new(None);

/// Two isolates, the shop's own catalogue. Shared: tests only read.
pub(crate) fn shop() -> Result<Arc<Running>> {
    shared(&SHOP, |options| SystemOptions { isolates: 2, ..options })
}

/// The Worker in which faults can be provoked. Shared: a fault must not show in another test.
pub(crate) fn faulty() -> Result<Arc<Running>> {
    shared(&FAULTY, |options| SystemOptions { worker: WorkerVariant::Faults, ..options })
}

/// A system for one test alone.
pub(crate) fn own(options: impl FnOnce(SystemOptions) -> SystemOptions) -> Result<Running> {
    let data = tempfile::tempdir()?;
    let system = System::start(options(SystemOptions::new(data.path())))?;
    Ok(Running { system, _data: data })
}

/// Ends the shared systems.
pub(crate) fn end() {
    for slot in [&SHOP, &FAULTY] {
        slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Started by whoever comes first; when that fails, it fails for everybody.
fn shared(slot: &Slot, options: impl FnOnce(SystemOptions) -> SystemOptions) -> Result<Arc<Running>> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let started =
        slot.get_or_insert_with(|| own(options).map(Arc::new).map_err(|error| format!("{error:#}")));
    started.clone().map_err(anyhow::Error::msg).context("the shared system did not start")
}

impl Running {
    /// The first isolate.
    pub(crate) fn edge(&self) -> Result<Client> {
        self.isolate(0)
    }

    /// Any isolate.
    pub(crate) fn isolate(&self, number: usize) -> Result<Client> {
        Client::new(self.edge_url(number))
    }

    /// The origin, past the edge.
    pub(crate) fn origin(&self) -> Result<Client> {
        Client::new(self.origin_url())
    }
}

impl Deref for Running {
    type Target = System;

    fn deref(&self) -> &System {
        &self.system
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut System {
        &mut self.system
    }
}
