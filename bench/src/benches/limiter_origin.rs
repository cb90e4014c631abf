//! The origin's limiters: what a decision costs in memory with very many clients, and with a Redis beside it.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;
use valora_origin::config::OriginConfig;
use valora_origin::limit::Limiter;
use valora_shared::rate::{Limits, Payer, Who};
use valora_shared::time::UnixMillis;
use valora_shared::trust::Client;
use valora_tests::redis::Redis;
use valora_tests::until::until;

use crate::report::{Block, Budget, Table};
use crate::statistics::Spread;

const CLIENTS: u32 = 100_000;
/// A number that shares no factor with [`CLIENTS`]: each is visited, none after its neighbour.
const STRIDE: u32 = 7_919;
const ROUNDS: usize = 10;
const CALLS: u32 = 2_000;
const NOW: i64 = 1_790_000_000_123;
const LIMITS: Limits = Limits { minute: 600, hour: 36_000, day: 800_000 };

pub(crate) fn run() -> Result<Block> {
    let text = format!(
        "What a request past the edge waits for. Memory: {CLIENTS} clients are known, each round asks for all of them in an \
         order that no cache foresees, naming them by HMAC included; the best of {ROUNDS} rounds. Redis: {CALLS} decisions, \
         one after the other, between as many PINGs over a connection of their own; how often Redis was called is what \
         Redis says."
    );
    let mut block = Block::new("Rate limit: at the origin", text);
    let runtime = Runtime::new()?;
    let (best, median) = memory(&runtime)?;
    let mut table = Table::new(&["in memory", "ns, best round", "median round"]);
    table.push(&[format!("a decision, {CLIENTS} clients"), format!("{best:.0}"), format!("{median:.0}")]);
    block.tables.push(table);
    block.budgets.push(Budget::at_most("a decision in memory", 2_000.0, best, |ns| format!("{ns:.0} ns")));

    let Shared { decisions, pings, calls } = shared(&runtime)?;
    let mut table = Table::new(&["with Redis", "us, median", "quartiles"]);
    for (name, spread) in [("a decision", decisions), ("a PING", pings)] {
        let quartiles = format!("{:.0} to {:.0}", spread.low, spread.high);
        table.push(&[name.to_owned(), format!("{:.0}", spread.median), quartiles]);
    }
    block.tables.push(table);
    block.budgets.push(Budget::at_most("round trips a decision", 1.0, calls, |calls| format!("{calls:.3}")));
    Ok(block)
}

fn limiter(settings: &[(&str, &str)]) -> Result<Limiter> {
    let source: HashMap<String, String> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Limiter::start(&OriginConfig::read(&source)?))
}

fn payer(number: u32) -> impl Iterator<Item = Payer> {
    let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
    std::iter::once(Payer { who: Who::Client(Client::Ip(address)), limits: LIMITS })
}

/// Nanoseconds of a decision in the best and in the median round.
fn memory(runtime: &Runtime) -> Result<(f64, f64)> {
    let limiter = limiter(&[])?;
    let mut now = NOW;
    let mut round = || -> Result<f64> {
        let begin = Instant::now();
        let mut number = 0;
        for _ in 0..CLIENTS {
            number = (number + STRIDE) % CLIENTS;
            let outcome = runtime.block_on(limiter.spend(payer(number), 1, UnixMillis(now)));
            ensure!(black_box(outcome).is_some_and(|outcome| outcome.standing.is_ok()), "nobody is refused");
        }
        now += 1_300;
        Ok(begin.elapsed().as_secs_f64() * 1e9 / f64::from(CLIENTS))
    };
    // The first meets them all for the first time.
    round()?;
    let rounds: Vec<f64> = (0..ROUNDS).map(|_| round()).collect::<Result<_>>()?;
    let best = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    Ok((best, Spread::of(rounds).median))
}

struct Shared {
    /// Microseconds.
    decisions: Spread,
    pings: Spread,
    /// Calls of Redis for a decision.
    calls: f64,
}

fn shared(runtime: &Runtime) -> Result<Shared> {
    let folder = tempfile::tempdir()?;
    let redis = Redis::start(folder.path())?;
    let _guard = runtime.enter();
    let limiter = limiter(&[("REDIS_RATE_LIMIT_URL", &format!("{}/1", redis.url()))])?;
    let spend = |number| runtime.block_on(limiter.spend(payer(number), 1, UnixMillis(NOW)));
    until("Redis was found", Duration::from_secs(5), || {
        let alone = limiter.alone();
        spend(0);
        Ok((limiter.alone() == alone).then_some(()))
    })?;
    let mut link = TcpStream::connect(redis.url().trim_start_matches("redis://"))?;
    link.set_nodelay(true)?;
    let (before, alone) = (calls(&redis)?, limiter.alone());
    let (mut decisions, mut pings) = (Vec::new(), Vec::new());
    for number in 0..CALLS {
        let begin = Instant::now();
        ensure!(spend(number).is_some_and(|outcome| outcome.standing.is_ok()), "nobody is refused");
        decisions.push(begin.elapsed().as_secs_f64() * 1e6);
        let begin = Instant::now();
        link.write_all(b"PING\r\n")?;
        link.read_exact(&mut [0; 7])?;
        pings.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    ensure!(limiter.alone() == alone, "Redis did not answer each time");
    let calls = f64::from(calls(&redis)? - before) / f64::from(CALLS);
    Ok(Shared { decisions: Spread::of(decisions), pings: Spread::of(pings), calls })
}

/// How often the script was called.
fn calls(redis: &Redis) -> Result<u32> {
    let stats = redis.ask("INFO commandstats")?;
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    Ok(line.and_then(|line| line.split(',').next()).context("no calls")?.parse()?)
}
