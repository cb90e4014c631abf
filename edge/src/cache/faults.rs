//! A KV that fails, for tests. Compiled only with the feature `fault-injection`, which no deployed Worker has.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};
use wasm_bindgen::JsValue;

/// How this isolate's reads and writes go from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// As they should.
    None,
    /// Reads and writes fail.
    Fail,
    /// Writes are refused, as a second one in a second is (429).
    Refuse,
    /// No answer ever comes.
    Hang,
    /// Reads bring what the first one brought, as another place may see it for a minute; an absence, too.
    Stale,
}

thread_local! {
    static FAULT: Cell<Fault> = const { Cell::new(Fault::None) };
    static FIRST: RefCell<HashMap<String, JsValue>> = RefCell::default();
}

/// The fault of a name, as tests write it.
pub fn named(name: &str) -> Option<Fault> {
    Some(match name {
        "kv-fail" => Fault::Fail,
        "kv-refuse" => Fault::Refuse,
        "kv-hang" => Fault::Hang,
        "kv-stale" => Fault::Stale,
        "kv-well" => Fault::None,
        _ => return None,
    })
}

/// Sets how reads and writes go from now on.
pub fn set(fault: Fault) {
    FAULT.with(|cell| cell.set(fault));
    FIRST.with_borrow_mut(HashMap::clear);
}

/// What a read brings in place of `value`.
pub(super) async fn read(name: &str, value: JsValue) -> Result<JsValue, JsValue> {
    match FAULT.with(Cell::get) {
        Fault::None | Fault::Refuse => Ok(value),
        Fault::Fail => Err("a fault provoked by a test".into()),
        Fault::Hang => std::future::pending().await,
        Fault::Stale => {
            Ok(FIRST.with_borrow_mut(|first| first.entry(name.to_owned()).or_insert(value).clone()))
        }
    }
}

/// Whether a write may go on.
pub(super) async fn write() -> Result<(), JsValue> {
    match FAULT.with(Cell::get) {
        Fault::None | Fault::Stale => Ok(()),
        Fault::Fail | Fault::Refuse => Err("KV PUT failed: 429 Too Many Requests".into()),
        Fault::Hang => std::future::pending().await,
    }
}
