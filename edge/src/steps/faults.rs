//! Faults that tests provoke. Compiled only with the feature `fault-injection`, which no deployed Worker has.

use crate::{
    answer::{Answer, Made},
    exchange::Exchange,
    flight, hub,
    isolate::Isolate,
    js, limit,
    pipeline::{Need, Verdict},
};

/// `/__fault/panic-sync` panics before any I/O, `/__fault/panic-async` after some, `/__fault/slow` waits a second.
/// `/__fault/hub-panic` and `/__fault/hub-hang` make this isolate's calls of the Hub fail until `/__fault/hub-well`;
/// `/__fault/flight-admit`, `/__fault/flight-land` and `/__fault/flight-hang` those of Flight until
/// `/__fault/flight-well`; `/__fault/kv-fail`, `kv-refuse`, `kv-hang` and `kv-stale` those of KV until `kv-well`;
/// `limiter-fail`, `limiter-slow` and `limiter-hang` those of limiters until `limiter-well`.
#[expect(clippy::panic, reason = "the panic is what the test asks for")]
pub fn provoke(exchange: &mut Exchange, _: &Isolate) -> Verdict {
    let path = exchange.inbound.path();
    let name = path.strip_prefix("/__fault/").unwrap_or_default();
    let hub = hub::faults::named(name).map(hub::faults::set);
    let flight = flight::faults::named(name).map(flight::faults::set);
    let limiter = limit::faults::named(name).map(limit::faults::set);
    if hub.or(flight).or(limiter).is_some() || (name.starts_with("kv-") && js::spoil_kv(name)) {
        return Verdict::Answer(Answer::Made(Made::json(200, "{}".to_owned())));
    }
    match (exchange.inbound.path(), exchange.facts.fault_awaited) {
        ("/__fault/panic-sync", _) | ("/__fault/panic-async", true) => panic!("a fault provoked by a test"),
        ("/__fault/panic-async" | "/__fault/slow", false) => Verdict::Need(Need::Fault),
        ("/__fault/slow", true) => Verdict::Answer(Answer::Made(Made::json(200, "{}".to_owned()))),
        _ => Verdict::Next,
    }
}
