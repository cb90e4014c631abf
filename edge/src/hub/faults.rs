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

/// The fault of a name, as tests write it.
pub fn named(name: &str) -> Option<Fault> {
    Some(match name {
        "hub-panic" => Fault::Panic,
        "hub-hang" => Fault::Hang,
        "hub-well" => Fault::None,
        _ => return None,
    })
}

/// Sets how calls go from now on.
pub fn set(fault: Fault) {
    FAULT.with(|cell| cell.set(fault));
}

/// The bytes that are sent.
pub async fn instead_of(call: &Call) -> Vec<u8> {
    match FAULT.with(Cell::get) {
        Fault::None => postcard::to_allocvec(call).unwrap_or_default(),
        Fault::Panic => PANIC.into(),
        Fault::Hang => std::future::pending().await,
    }
}
