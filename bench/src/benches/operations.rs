//! What hot keys cost: reads of KV and calls of Durable Objects per request, counted by the edge itself.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use valora_tests::client::Client;
use xtask::system::{System, SystemOptions};

use crate::report::{Block, Budget, Table};
use crate::statistics::float64;

const CLIENTS: u64 = 10;
const REQUESTS_PER_SECOND: u64 = 500;
const TIME: Duration = Duration::from_mins(1);
/// Isolates tell the Hub every five seconds.
const TOLD_AFTER: Duration = Duration::from_secs(8);
const ADMIN_TOKEN: &str = "7b1e0c94d25f48a3b6c8e0f1a9d37254";
const TARGETS: [&str; 5] = [
    "/api/products",
    "/api/categories",
    "/api/products?limit=10",
    "/api/products/1/price",
    "/api/prices?ids=1,2",
];

pub(crate) fn run() -> Result<Block> {
    let data = tempfile::tempdir()?;
    let options =
        SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) }.unlimited();
    let options = options.with_env("LOG_LEVEL", "warn").with_env("ADMIN_TOKEN", ADMIN_TOKEN);
    let system = System::start(options)?;
    let edge = Client::new(system.edge_url(0))?;
    for target in TARGETS {
        ensure!(edge.get(target)?.status == 200, "{target}");
    }
    std::thread::sleep(TOLD_AFTER);
    let before = stats(&edge)?;
    let requests = load(&edge)?;
    std::thread::sleep(TOLD_AFTER);
    // A request, so that there is a beat to tell by.
    edge.get("/api/products")?;
    std::thread::sleep(Duration::from_secs(1));
    let after = stats(&edge)?;

    let text = format!(
        "{CLIENTS} clients ask one isolate for {} hot keys, {REQUESTS_PER_SECOND} requests/s in all, for {} s; counted by \
         `GET /api/admin/cache/stats` before and after. Object calls are the looks at the Hub, once a second.",
        TARGETS.len(),
        TIME.as_secs()
    );
    let mut block = Block::new("Edge: operations per request", text);
    let mut table = Table::new(&["operation", "count", "per request"]);
    let per_request = |name: &str| -> Result<(u64, f64)> {
        let count = |stats: &Value| stats[name].as_u64().with_context(|| format!("no {name}: {stats}"));
        let count = count(&after)?.saturating_sub(count(&before)?);
        Ok((count, float64(count) / float64(requests)))
    };
    table.push(&["requests".to_owned(), requests.to_string(), "1".to_owned()]);
    for name in ["keyspace_hits", "stale_hits", "keyspace_misses", "kv_reads", "kv_writes", "object_calls"] {
        let (count, each) = per_request(name)?;
        table.push(&[name.to_owned(), count.to_string(), format!("{each:.4}")]);
    }
    block.tables.push(table);
    let four = |ratio: f64| format!("{ratio:.4}");
    block.budgets = vec![
        Budget::at_most("KV reads per request", 0.02, per_request("kv_reads")?.1, four),
        Budget::at_most("object calls per request", 0.05, per_request("object_calls")?.1, four),
    ];
    Ok(block)
}

fn stats(edge: &Client) -> Result<Value> {
    let bearer = format!("Bearer {ADMIN_TOKEN}");
    let answer = edge.request("GET", "/api/admin/cache/stats").header("authorization", &bearer).send()?;
    ensure!(answer.status == 200, "{}", answer.shown());
    answer.json()
}

/// As many requests as were to be sent in the time; each client keeps to its pace.
fn load(edge: &Client) -> Result<u64> {
    let begin = Instant::now();
    let pace = Duration::from_secs(1) * u32::try_from(CLIENTS)? / u32::try_from(REQUESTS_PER_SECOND)?;
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn(move || -> Result<u64> {
                    let mut sent = 0;
                    while begin.elapsed() < TIME {
                        let turn = usize::try_from(sent + number)?;
                        let target = TARGETS.get(turn % TARGETS.len()).copied().unwrap_or("/api/products");
                        ensure!(edge.get(target)?.status == 200, "{target}");
                        sent += 1;
                        let due = pace * u32::try_from(sent)?;
                        std::thread::sleep(due.saturating_sub(begin.elapsed()));
                    }
                    Ok(sent)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
            .sum::<Result<u64>>()
    })
}
