//! A limiter that fails, for tests. Compiled only with the feature `fault-injection`, which no deployed Worker has.

use std::{cell::Cell, time::Duration};

/// How this isolate's calls go from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// As they should.
    None,
    /// Each fails at once, as one of an overloaded object does.
    Fail,
    /// Each answers after half a second.
    Slow,
    /// No answer ever comes.
    Hang,
}

thread_local! {
    static FAULT: Cell<Fault> = const { Cell::new(Fault::None) };
}

/// The fault of a name, as tests write it.
pub fn named(name: &str) -> Option<Fault> {
    Some(match name {
        "limiter-fail" => Fault::Fail,
        "limiter-slow" => Fault::Slow,
        "limiter-hang" => Fault::Hang,
        "limiter-well" => Fault::None,
        _ => return None,
    })
}

/// Sets how calls go from now on.
pub fn set(fault: Fault) {
    FAULT.with(|cell| cell.set(fault));
}

/// What happens before a call leaves.
pub(super) async fn meet() -> Result<(), String> {
    match FAULT.with(Cell::get) {
        Fault::None => Ok(()),
        Fault::Fail => Err("a fault provoked by a test".to_owned()),
        Fault::Slow => {
            worker::Delay::from(Duration::from_millis(500)).await;
            Ok(())
        }
        Fault::Hang => std::future::pending().await,
    }
}
