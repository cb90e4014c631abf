//! Faults that tests provoke. Compiled only with the feature `fault-injection`, which no deployed Worker has.

use crate::{
    answer::{Answer, Made},
    exchange::Exchange,
    flight,
    hub::faults::{self, Fault},
    isolate::Isolate,
    pipeline::{Need, Verdict},
};

/// `/__fault/panic-sync` panics before any I/O, `/__fault/panic-async` after some, `/__fault/slow` waits a second.
/// `/__fault/hub-panic` and `/__fault/hub-hang` make this isolate's calls of the Hub fail until `/__fault/hub-well`;
/// `/__fault/flight-admit`, `/__fault/flight-land` and `/__fault/flight-hang` those of Flight until `/__fault/flight-well`.
#[expect(clippy::panic, reason = "the panic is what the test asks for")]
pub fn provoke(exchange: &mut Exchange, _: &Isolate) -> Verdict {
    let hub = match exchange.inbound.path() {
        "/__fault/hub-panic" => Some(Fault::Panic),
        "/__fault/hub-hang" => Some(Fault::Hang),
        "/__fault/hub-well" => Some(Fault::None),
        _ => None,
    };
    if let Some(fault) = hub {
        faults::set(fault);
        return Verdict::Answer(Answer::Made(Made::json(200, "{}".to_owned())));
    }
    let flight = match exchange.inbound.path() {
        "/__fault/flight-admit" => Some(flight::faults::Fault::Panic("admit")),
        "/__fault/flight-land" => Some(flight::faults::Fault::Panic("land")),
        "/__fault/flight-hang" => Some(flight::faults::Fault::Hang),
        "/__fault/flight-well" => Some(flight::faults::Fault::None),
        _ => None,
    };
    if let Some(fault) = flight {
        flight::faults::set(fault);
        return Verdict::Answer(Answer::Made(Made::json(200, "{}".to_owned())));
    }
    match (exchange.inbound.path(), exchange.facts.fault_awaited) {
        ("/__fault/panic-sync", _) | ("/__fault/panic-async", true) => panic!("a fault provoked by a test"),
        ("/__fault/panic-async" | "/__fault/slow", false) => Verdict::Need(Need::Fault),
        ("/__fault/slow", true) => Verdict::Answer(Answer::Made(Made::json(200, "{}".to_owned()))),
        _ => Verdict::Next,
    }
}
