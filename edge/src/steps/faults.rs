//! Faults that tests provoke. Compiled only with the feature `fault-injection`, which no deployed Worker has.

use crate::{
    answer::{Answer, Made},
    exchange::Exchange,
    isolate::Isolate,
    pipeline::{Need, Verdict},
};

/// `/__fault/panic-sync` panics before any I/O, `/__fault/panic-async` after some, `/__fault/slow` waits a second.
#[expect(clippy::panic, reason = "the panic is what the test asks for")]
pub fn provoke(exchange: &mut Exchange, _: &Isolate) -> Verdict {
    match (exchange.inbound.path(), exchange.facts.fault_awaited) {
        ("/__fault/panic-sync", _) | ("/__fault/panic-async", true) => panic!("a fault provoked by a test"),
        ("/__fault/panic-async" | "/__fault/slow", false) => Verdict::Need(Need::Fault),
        ("/__fault/slow", true) => Verdict::Answer(Answer::Made(Made::json(200, "{}".to_owned()))),
        _ => Verdict::Next,
    }
}
