//! A Hub that fails, for tests. Compiled only with the feature `fault-injection`, which no deployed Worker has.

use std::cell::Cell;
use valora_shared::hub::Call;

/// What the object panics at.
pub const PANIC: &str = "panic";

/// How this isolate's calls go from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// As they should.
    None,
    /// Each makes the object panic.
    Panic,
    /// No answer ever comes.
    Hang,
}

thread_local! {
    static FAULT: Cell<Fault> = const { Cell::new(Fault::None) };
}

/// Sets how calls go from now on.
pub fn set(fault: Fault) {
    FAULT.with(|cell| cell.set(fault));
}

/// The text that is sent.
pub async fn instead_of(call: &Call) -> String {
    match FAULT.with(Cell::get) {
        Fault::None => serde_json::to_string(call).unwrap_or_default(),
        Fault::Panic => PANIC.to_owned(),
        Fault::Hang => std::future::pending().await,
    }
}
