//! A price change is seen by every client of every isolate within three seconds, with the old price in memory and KV.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::client::Client;
use valora_tests::running::Running;

use crate::harness::Test;

const PRODUCTS: usize = 1_000;
const AT_ONCE: usize = 50;
const ISOLATES: u16 = 4;
/// The one that nobody asks for a minute.
const IDLE: usize = 3;
const IDLE_FOR: Duration = Duration::from_mins(1);
/// No request that is sent so long after a change may get what was before.
const LIMIT: Duration = Duration::from_secs(3);

pub(crate) fn trials() -> Vec<Test> {
    trials![a_thousand_changes_are_seen_by_every_isolate]
}

fn price_of(product: usize) -> String {
    format!("/api/products/bulk-{product}/price")
}

/// Products from `first` on, each at `rupees` and its number.
fn import(system: &Running, first: usize, count: usize, rupees: usize) -> Result<()> {
    let mut rows = "product_id,name,brand,category,shop_price_inr\n".to_owned();
    for product in first..first + count {
        writeln!(rows, "bulk-{product},Bulk {product},Valora,Bulk,{}", rupees + product)?;
    }
    let file = system.data().join("bulk.csv");
    std::fs::write(&file, rows)?;
    system.import(&file).map(drop)
}

fn paise(edge: &Client, product: usize) -> Result<(usize, String)> {
    let answer = edge.get(&price_of(product))?;
    ensure!(answer.status == 200, "{}", answer.shown());
    let paise = answer.json()?["lowest_paise"].as_u64().context("no price")?;
    Ok((usize::try_from(paise)?, answer.header("x-cache").unwrap_or_default().to_owned()))
}

fn a_thousand_changes_are_seen_by_every_isolate() -> Result<()> {
    let system = Running::start(|options| xtask::system::SystemOptions { isolates: ISOLATES, ..options })?;
    import(&system, 0, PRODUCTS, 1_000)?;
    let isolates: Vec<Client> =
        (0..usize::from(ISOLATES)).map(|number| system.isolate(number)).collect::<Result<_>>()?;
    // What the idle one will be asked for it has in its memory; the others have everything, there and in KV.
    let last = PRODUCTS - AT_ONCE;
    for product in last..PRODUCTS {
        paise(&isolates[IDLE], product)?;
    }
    let idle_since = Instant::now();
    for isolate in &isolates[..IDLE] {
        for product in 0..PRODUCTS {
            paise(isolate, product)?;
        }
        let (_, x_cache) = paise(isolate, 0)?;
        ensure!(x_cache == "HIT", "{x_cache}");
    }
    let mut slowest = Duration::ZERO;
    for first in (0..PRODUCTS).step_by(AT_ONCE) {
        let is_last = first == last;
        if is_last {
            std::thread::sleep(IDLE_FOR.saturating_sub(idle_since.elapsed()));
        }
        import(&system, first, AT_ONCE, 3_000)?;
        let changed = Instant::now();
        let asked = if is_last { &isolates[..] } else { &isolates[..IDLE] };
        let seen = std::thread::scope(|scope| -> Result<Vec<Duration>> {
            let threads: Vec<_> = asked
                .iter()
                .map(|isolate| scope.spawn(move || seen_after(isolate, first, changed)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| anyhow::anyhow!("panicked"))?)
                .collect()
        })?;
        slowest = seen.into_iter().fold(slowest, Duration::max);
    }
    eprintln!("the last old price was asked for {slowest:?} after its change");
    Ok(())
}

/// How long after the change the last request was sent that got an old price.
fn seen_after(isolate: &Client, first: usize, changed: Instant) -> Result<Duration> {
    let mut pending: Vec<usize> = (first..first + AT_ONCE).collect();
    let mut last_old = Duration::ZERO;
    while !pending.is_empty() {
        let mut still = Vec::new();
        for product in pending {
            let sent = changed.elapsed();
            if paise(isolate, product)?.0 != (3_000 + product) * 100 {
                ensure!(sent < LIMIT, "product {product} has its old price {sent:?} after the change");
                last_old = last_old.max(sent);
                still.push(product);
            }
        }
        pending = still;
    }
    Ok(last_old)
}
