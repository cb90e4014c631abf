//! A HIT of the edge against what a user would put together instead: Hono, its middleware, a limiter over a Durable
//! Object and a cache in KV (bench/hono/worker.mjs), all in one workerd process.

mod peer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use valora_tests::client::{Answer, Client};
use valora_tests::until::until;
use xtask::system::{System, SystemOptions};

use super::workers;
use crate::load::{Target, browser_headers};
use crate::report::{Block, Budget};
use crate::rounds::{Rounds, method};

const PATH: &str = "/api/products?limit=50";
/// They ask in turn.
const CLIENTS: u32 = 10;

pub(crate) fn run() -> Result<Block> {
    let data = tempfile::tempdir()?;
    let options =
        SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) }.unlimited();
    let system = System::start(options.with_env("LOG_LEVEL", "warn"))?;
    let ports = xtask::system::ports::consecutive(0, 4)?;
    let [bare, limited, uncounted, counted] = ports[..] else { anyhow::bail!("no four ports") };
    let script = peer::bundle()?;
    let peers = [
        peer::worker("hono", bare, &script, &system.origin_url(), false)?,
        peer::worker("hono-limited", limited, &script, &system.origin_url(), true)?,
    ];
    let settings = |more: (&'static str, &str)| {
        let mut settings = workers::settings(&system);
        settings.extend([("TRUST_CF_CONNECTING_IP", "1".to_owned()), (more.0, more.1.to_owned())]);
        settings
    };
    // Whoever fills the cache is counted for that, and would be told what is left for a minute.
    let off = settings(("RATE_LIMIT_EXEMPT", "127.0.0.1"));
    let on = settings(("RATE_LIMIT_CACHE_HITS", "true"));
    let workerd = workers::start(&[(uncounted, &off), (counted, &on)], &peers, data.path())?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let answers: Vec<Answer> = ports.iter().map(|port| hit(&url(*port))).collect::<Result<_>>()?;
    check(&answers)?;

    let pids = workerd.named("workerd");
    ensure!(!pids.is_empty(), "workerd does not run");
    let target = |name: &str, port| Target {
        name: name.to_owned(),
        url: format!("{}{PATH}", url(port)),
        headers: browser_headers(),
        pids: pids.clone(),
    };
    let targets = [
        target("Hono, KV cache", bare),
        target("the same with hono-rate-limiter on its Durable Object", limited),
        target("edge HIT, not counted", uncounted),
        target("edge HIT, counted (RATE_LIMIT_CACHE_HITS=true)", counted),
    ];
    let text = format!(
        "`GET {PATH}` ({} bytes), asked for by {CLIENTS} clients in turn, at the edge and at a Worker of {} (bench/hono/worker.mjs): \
         requestId, secureHeaders, cors, a limiter with one window whose limit nobody reaches, and a cache in KV, which \
         is read for each request; miniflare's KV is a second Worker over a file, so this is not what Cloudflare's \
         costs. The edge does all of its steps, its three windows with limits as high, and answers from memory. All in \
         one workerd process on miniflare's direct sockets; objects with SQLite storage. {}. The edge's ratios are to \
         the peer that does as much.",
        answers.first().map_or(0, |answer| answer.body.len()),
        peer::PACKAGES.map(|(name, version)| format!("{name} {version}")).join(", "),
        method()
    );
    let mut block = Block::new("Edge: HIT against Hono", text);
    let rounds = Rounds::measure(&targets, Some(&clients(data.path())?))?;
    block.tables.push(rounds.table(&[0, 1, 0, 1]));
    let one = |ratio: f64| format!("{ratio:.1} ×");
    block.budgets = vec![
        Budget::at_least("counted edge HIT to Hono with its limiter", 5.0, rounds.ratio(3, 1), one),
        Budget::at_least("edge HIT to Hono without a limiter", 3.0, rounds.ratio(2, 0), one),
    ];
    Ok(block)
}

/// A HIT, once there is one.
fn hit(url: &str) -> Result<Answer> {
    until("a HIT", Duration::from_secs(30), || {
        let answer = Client::new(url)?.get(PATH).ok();
        Ok(answer.filter(|answer| answer.header("x-cache") == Some("HIT")))
    })
}

/// Whether all four did what they are measured for, in the order of their ports.
fn check(answers: &[Answer]) -> Result<()> {
    let first = answers.first().context("no answers")?;
    for answer in answers {
        ensure!(answer.body == first.body, "the bodies differ: {}", answer.shown());
        ensure!(answer.header("x-content-type-options") == Some("nosniff"), "{:?}", answer.headers);
    }
    let tells_what_remains: Vec<bool> = answers
        .iter()
        .map(|answer| {
            answer.header("ratelimit").is_some_and(|told| told.contains("r=") || told.contains("remaining"))
        })
        .collect();
    ensure!(tells_what_remains == [false, true, false, true], "{tells_what_remains:?}");
    Ok(())
}

/// The file that the load takes its requests from.
fn clients(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("clients.txt");
    let lines: Vec<String> = (1..=CLIENTS).map(|number| format!("{PATH} 192.0.2.{number}")).collect();
    std::fs::write(&path, lines.join("\n"))?;
    Ok(path)
}
