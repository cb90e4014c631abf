//! What a million requests of a kind cost by Cloudflare's list (Workers Paid, November 2026).

use super::Load;
use crate::report::{Table, thousands};
use crate::statistics::float64;

/// Dollars a million: requests of Workers and of objects, rows written.
const REQUEST: f64 = 0.30;
const OBJECT_REQUEST: f64 = 0.15;
const ROW: f64 = 1.00;
/// Dollars a GB-second. An object counts 0.125 GB while it runs, and nothing while it only could.
const GB_SECOND: f64 = 12.50e-6;
const OBJECT_GB: f64 = 0.125;
/// A call is one decision and one write, which the answer waits for: 10 ms is generous.
const CALL_SECONDS: f64 = 0.010;
const MILLION: f64 = 1e6;

/// A column for each load.
pub(super) fn table(loads: &[Load]) -> Table {
    let head: Vec<&str> =
        ["a million requests"].into_iter().chain(loads.iter().map(|load| load.name.as_str())).collect();
    let mut table = Table::new(&head);
    let mut push = |name: &str, cell: &dyn Fn(&Load) -> String| {
        let cells = std::iter::once(name.to_owned()).chain(loads.iter().map(cell));
        table.push(&cells.collect::<Vec<_>>());
    };
    push("calls of limiters, alarms", &|load| thousands(calls(load)));
    push("rows written", &|load| thousands(rows(load)));
    push("object requests, $", &|load| format!("{:.3}", calls(load) / MILLION * OBJECT_REQUEST));
    push("rows, $", &|load| format!("{:.3}", rows(load) / MILLION * ROW));
    push("duration at 10 ms a call, $", &|load| format!("{:.3}", duration(load)));
    push("**the limit, $**", &|load| format!("**{:.3}**", limit(load)));
    push("requests of the Worker, $", &|_| format!("{REQUEST:.3}"));
    table
}

/// With the alarm that forgets each client once it is idle.
fn calls(load: &Load) -> f64 {
    (load.limiter_calls_each() + clients_each(load)) * MILLION
}

/// One for the state at each call; of each client one more for setting its alarm, and by that alarm one that deletes.
fn rows(load: &Load) -> f64 {
    calls(load) + clients_each(load) * MILLION
}

fn clients_each(load: &Load) -> f64 {
    f64::from(load.clients) / float64(load.counted.requests)
}

fn duration(load: &Load) -> f64 {
    calls(load) * CALL_SECONDS * OBJECT_GB * GB_SECOND
}

fn limit(load: &Load) -> f64 {
    calls(load) / MILLION * OBJECT_REQUEST + rows(load) / MILLION * ROW + duration(load)
}
