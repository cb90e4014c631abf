//! A HIT from KV against a Worker that only reads that KV key, both in one workerd process.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use valora_tests::client::{Answer, Client};
use valora_tests::until::until;
use xtask::system::{System, SystemOptions};
use xtask::{command, paths};

use super::workers;
use crate::load::{Target, browser_headers};
use crate::report::{Block, Budget};
use crate::rounds::{Rounds, method};

/// So many keys in turn that the smallest memory tier, which holds about four of them, is of no use: HITs are KV's.
const KEYS: usize = 400;
const MEMORY: &str = "65536";
/// Of a hundred HITs at least so many must have come from KV, or something else was measured.
const FROM_KV: usize = 95;

pub(crate) fn run() -> Result<Block> {
    let data = tempfile::tempdir()?;
    let options =
        SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) }.unlimited();
    let system = System::start(options.with_env("LOG_LEVEL", "warn"))?;
    let mut import = command::command(paths::target().join("release/valora-origin"));
    let database = format!("sqlite:///{}", data.path().join("valora.db").display());
    import.arg("import").arg(paths::in_root("tests/data/marketplace-sample.csv"));
    command::output(import.env("DATABASE_URL", database).current_dir(data.path()))?;

    let folder = data.path();
    let free = of(&system, "RATE_LIMIT_EXEMPT", "127.0.0.1");
    let counted = of(&system, "RATE_LIMIT_CACHE_HITS", "true");
    let ports = xtask::system::ports::consecutive(0, 4)?;
    let [edge, reader, counting, other_reader] = ports[..] else { anyhow::bail!("no four ports") };
    let edges = [(edge, &free), (counting, &counted)];
    // The peers answer with the edges' own headers, which are only known once the edges have answered: a first workerd
    // tells them and fills KV, which the second one finds on disk.
    let answers = {
        let _first = workers::start(&edges, &[], folder)?;
        until("the edge answered", Duration::from_secs(30), || Ok(get(&url(edge), 0).ok()))?;
        for key in 0..KEYS {
            ensure!(get(&url(edge), key)?.status == 200);
        }
        [hit_from_kv(&url(edge))?, hit_from_kv(&url(counting))?]
    };
    let [answer, counted_answer] = &answers;
    let peers = [
        workers::script_worker("kv-reader", reader, &kv_reader(answer), folder)?,
        workers::script_worker("kv-reader-counted", other_reader, &kv_reader(counted_answer), folder)?,
    ];
    let workerd = workers::start(&edges, &peers, folder)?;
    for (edge, peer, answer) in [(edge, reader, answer), (counting, other_reader, counted_answer)] {
        workers::check_same(answer, &hit_from_kv(&url(edge))?)?;
        let peers = until("the peer answered", Duration::from_secs(30), || Ok(get(&url(peer), 0).ok()))?;
        workers::check_same(answer, &peers)?;
        let from_kv = (0..100).filter_map(|key| get(&url(edge), key).ok()).filter(is_from_kv).count();
        ensure!(from_kv >= FROM_KV, "only {from_kv} of 100 HITs came from KV");
    }

    let pids = workerd.named("workerd");
    ensure!(!pids.is_empty(), "workerd does not run");
    let paths = folder.join("paths.txt");
    std::fs::write(&paths, (0..KEYS).map(path).collect::<Vec<_>>().join("\n"))?;
    let target = |name: &str, port| Target {
        name: name.to_owned(),
        url: format!("{}{}", url(port), path(0)),
        headers: browser_headers(),
        pids: pids.clone(),
    };
    let targets = [
        target("Worker that reads the KV key", reader),
        target("edge HIT from KV", edge),
        target("Worker that reads the KV key, with the headers of counted answers", other_reader),
        target("edge HIT from KV, counted", counting),
    ];
    let text = format!(
        "`GET {}` ({} bytes as gzip) and {} like it in turn, far more than the memory of an isolate with \
         CACHE_MEMORY_BYTES={MEMORY} holds (at least {FROM_KV} of 100 HITs looked at came from KV), not counted by the \
         rate limit (the default for answers from the cache) and counted (RATE_LIMIT_CACHE_HITS=true), against Workers in \
         plain JavaScript that read the same keys of the same KV in turn and answer with the same headers from a kept \
         object literal, all in one workerd process on miniflare's direct sockets; miniflare's KV is a second Worker \
         over a file, so this is not what Cloudflare's costs. {}. Ratios are to the row above.",
        path(0),
        answer.body.len(),
        KEYS - 1,
        method()
    );
    let mut block = Block::new("Edge: HIT from KV", text);
    let rounds = Rounds::measure(&targets, Some(&paths))?;
    block.tables.push(rounds.table(&[0, 0, 2, 2]));
    let two = |ratio: f64| format!("{ratio:.2}");
    block.budgets = vec![
        Budget::at_least("edge HIT from KV to the bare read", 0.80, rounds.ratio(1, 0), two),
        Budget::at_least("the same counted by the limiter", 0.80, rounds.ratio(3, 2), two),
    ];
    Ok(block)
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// HITs that are not counted are exempt altogether: what remains after the MISSes that fill KV would be in some answers'
/// headers for a minute.
fn of(system: &System, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    let mut settings = workers::settings(system);
    settings.push(("CACHE_MEMORY_BYTES", MEMORY.to_owned()));
    settings.push((name, value.to_owned()));
    settings
}

fn path(key: usize) -> String {
    format!("/api/products?limit=250&key={key}")
}

fn get(edge: &str, key: usize) -> Result<Answer> {
    Client::new(edge)?.request("GET", &path(key)).header("accept-encoding", "gzip").send()
}

fn is_from_kv(answer: &Answer) -> bool {
    let timing = answer.header("server-timing").unwrap_or_default();
    answer.header("x-cache") == Some("HIT") && timing.contains("kv;")
}

fn hit_from_kv(edge: &str) -> Result<Answer> {
    let mut keys = (0..KEYS).cycle();
    until("a HIT from KV", Duration::from_secs(30), || {
        Ok(get(edge, keys.next().unwrap_or(0)).ok().filter(is_from_kv))
    })
}

/// Reads the keys there are in turn, and sends what stands behind the header block.
fn kv_reader(answer: &Answer) -> String {
    let headers: serde_json::Map<String, serde_json::Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "connection" | "transfer-encoding"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    format!(
        "const init = {{ status: 200, headers: {}, encodeBody: \"manual\" }};\nlet keys, turn = 0;\n\
         export default {{\n  async fetch(request, env) {{\n\
         keys ??= (await env.CACHE.list()).keys.map((key) => key.name);\n\
         const value = await env.CACHE.get(keys[turn++ % keys.length], \"arrayBuffer\");\n\
         const body = new Uint8Array(value, 5 + new DataView(value).getUint32(1));\n\
         return new Response(body, init);\n  }},\n}};\n",
        json!(headers)
    )
}
