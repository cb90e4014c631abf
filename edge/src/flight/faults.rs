//! A Flight that fails, for tests. Compiled only with the feature `fault-injection`, which no deployed Worker has.

use js_sys::Promise;
use std::cell::Cell;

/// How this isolate's calls go from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// As they should.
    None,
    /// The object panics at the call (`admit`) or when its answer has come (`land`).
    Panic(&'static str),
    /// No answer ever comes.
    Hang,
}

thread_local! {
    static FAULT: Cell<Fault> = const { Cell::new(Fault::None) };
}

/// The fault of a name, as tests write it.
pub fn named(name: &str) -> Option<Fault> {
    Some(match name {
        "flight-admit" => Fault::Panic("admit"),
        "flight-land" => Fault::Panic("land"),
        "flight-hang" => Fault::Hang,
        "flight-well" => Fault::None,
        _ => return None,
    })
}

/// Sets how calls go from now on.
pub fn set(fault: Fault) {
    FAULT.with(|cell| cell.set(fault));
}

/// What is sent, with the fault in it.
pub(super) fn spoilt(call: String) -> String {
    match FAULT.with(Cell::get) {
        Fault::Panic(place) => format!("{call} {place}"),
        Fault::None | Fault::Hang => call,
    }
}

/// A promise that is never kept, where that is the fault.
pub(super) fn instead_of(calling: Promise) -> Promise {
    match FAULT.with(Cell::get) {
        Fault::Hang => Promise::new(&mut |_, _| {}),
        Fault::None | Fault::Panic(_) => calling,
    }
}

/// Panics where the call says so.
pub(super) fn panic_at(place: &str, call: Option<&str>) {
    assert!(call.and_then(|call| call.split(' ').nth(2)) != Some(place), "a fault provoked by a test");
}
