//! What counting costs: calls of Durable Objects and reads of KV per request, counted by the edge itself, for clients
//! that are busy, that load a page, and that ask now and then.

mod clients;
mod counts;
mod price;

use std::time::Duration;

use anyhow::{Result, ensure};
use valora_tests::client::Client;
use xtask::system::{System, SystemOptions};

use crate::report::{Block, Budget, Table};
use clients::{Clients, TARGETS};
use counts::Counted;

/// Busy clients, and how often they ask together.
const BUSY: u32 = 10;
const BUSY_PER_SECOND: u32 = 500;
const MINUTE: Duration = Duration::from_mins(1);
/// A page of a shop, and how many clients load it at once and over a minute.
const PAGE: u32 = 30;
const PAGES: u32 = 1_000;
const SPREAD: u32 = 200;
/// Clients of this network are not counted: what they need is what all of the edge but the limiter needs. Whoever reads
/// the statistics is one of them.
const EXEMPT: &str = "127.0.0.1,10.0.0.0/8";
/// Of so many requests one may meet a limiter that does not answer in time; more, and the machine was too busy.
const ONE_FAILURE_IN: u64 = 500;

/// What one kind of clients needed, and what of it the limiters were asked.
struct Load {
    name: String,
    counted: Counted,
    limiter_calls: f64,
    /// Each of them has an alarm.
    clients: u32,
}

pub(crate) fn run() -> Result<Block> {
    let text = format!(
        "Counted by `GET /api/admin/cache/stats` of one isolate before and after, with RATE_LIMIT_CACHE_HITS=true and an \
         address for each client; {} hot keys, all answers from memory. {BUSY} busy clients ask {BUSY_PER_SECOND} times a \
         second together for {} s, far from their limits; first clients that are exempt, so that what is called more \
         often afterwards are limiters, and what is called anyway is the Hub. Then at the usual limits of 60, 1,000 and \
         10,000: {PAGES} clients that each send a page of {PAGE} requests at once, four pages at a time; and {SPREAD} \
         clients that send the same {PAGE} requests evenly over a minute.",
        TARGETS.len(),
        MINUTE.as_secs()
    );
    let mut block = Block::new("Edge: what the rate limit calls", text);
    let [exempt, busy] = busy()?;
    let hub_per_second = exempt.calls_per_second();
    let [pages, spread] = usual()?;
    let load = |name: &str, counted: Counted, clients| {
        let limiter_calls = (counted.object_calls() - hub_per_second * counted.seconds).max(0.0);
        Load { name: name.to_owned(), counted, limiter_calls, clients }
    };
    let loads = [
        load("busy, exempt", exempt, 0),
        load("busy", busy, BUSY),
        load(&format!("pages of {PAGE}"), pages, PAGES),
        load(&format!("{PAGE} over a minute"), spread, SPREAD),
    ];
    for load in &loads {
        let (failures, requests) = (load.counted.of("limiter_failures"), load.counted.requests);
        ensure!(
            failures * ONE_FAILURE_IN <= requests,
            "{}: {failures} limiters did not answer in time",
            load.name
        );
    }
    block.tables = vec![operations(&loads), price::table(&loads)];
    let [_, busy, pages, _] = &loads;
    let four = |ratio: f64| format!("{ratio:.4}");
    block.budgets = vec![
        Budget::at_most("busy clients: KV reads per request", 0.02, busy.counted.each("kv_reads"), four),
        Budget::at_most("the same: object calls", 0.05, busy.counted.each("object_calls"), four),
        Budget::at_most("the same: limiter calls", 0.03, busy.limiter_calls_each(), four),
        Budget::at_most("pages: object calls per request", 0.30, pages.counted.each("object_calls"), four),
    ];
    Ok(block)
}

/// Clients that are exempt, and clients that are counted.
fn busy() -> Result<[Counted; 2]> {
    let data = tempfile::tempdir()?;
    let options = SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) };
    let system = start(options.unlimited())?;
    let measured = |network: &'static str| {
        let clients = Clients::new(&system, network)?;
        Counted::over(&system, || clients.busy(BUSY, BUSY_PER_SECOND, MINUTE))
    };
    Ok([measured("10.0")?, measured("192.0")?])
}

/// Pages, and the same requests spread over a minute.
fn usual() -> Result<[Counted; 2]> {
    let data = tempfile::tempdir()?;
    let options = SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) };
    let limits = [("MINUTE", "60"), ("HOUR", "1000"), ("DAY", "10000")];
    let limited = limits.into_iter().fold(options, |options, (window, limit)| {
        options.with_env(&format!("RATE_LIMIT_PER_{window}"), limit)
    });
    let system = start(limited)?;
    let pages = Clients::new(&system, "192.0")?;
    let spread = Clients::new(&system, "192.1")?;
    Ok([
        Counted::over(&system, || pages.pages(PAGES, PAGE))?,
        Counted::over(&system, || spread.evenly(SPREAD, PAGE, MINUTE))?,
    ])
}

fn start(options: SystemOptions) -> Result<System> {
    let system = System::start(
        options
            .with_env("LOG_LEVEL", "warn")
            .with_env("RATE_LIMIT_CACHE_HITS", "true")
            .with_env("RATE_LIMIT_EXEMPT", EXEMPT)
            .with_env("TRUST_CF_CONNECTING_IP", "1"),
    )?;
    let edge = Client::new(system.edge_url(0))?;
    for target in TARGETS {
        ensure!(edge.get(target)?.status == 200, "{target}");
    }
    Ok(system)
}

fn operations(loads: &[Load]) -> Table {
    let head: Vec<&str> =
        ["per request"].into_iter().chain(loads.iter().map(|load| load.name.as_str())).collect();
    let mut table = Table::new(&head);
    let mut push = |name: &str, cell: &dyn Fn(&Load) -> String| {
        let cells = std::iter::once(name.to_owned()).chain(loads.iter().map(cell));
        table.push(&cells.collect::<Vec<_>>());
    };
    push("requests, in all", &|load| load.counted.requests.to_string());
    for name in ["keyspace_hits", "kv_reads", "kv_writes", "object_calls"] {
        push(name, &|load| format!("{:.4}", load.counted.each(name)));
    }
    push("of these, of limiters", &|load| format!("{:.4}", load.limiter_calls_each()));
    push("limiter_failures, in all", &|load| load.counted.of("limiter_failures").to_string());
    table
}

impl Load {
    fn limiter_calls_each(&self) -> f64 {
        self.limiter_calls / crate::statistics::float64(self.counted.requests)
    }
}
