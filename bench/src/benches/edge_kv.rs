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

/// Longer than the smallest memory tier, so that no isolate keeps it and every HIT is KV's.
const PATH: &str = "/api/products?limit=250";
const MEMORY: &str = "65536";

pub(crate) fn run() -> Result<Block> {
    let data = tempfile::tempdir()?;
    let options = SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) };
    let system = System::start(options.with_env("LOG_LEVEL", "warn"))?;
    let mut import = command::command(paths::target().join("release/valora-origin"));
    let database = format!("sqlite:///{}", data.path().join("valora.db").display());
    import.arg("import").arg(paths::in_root("tests/data/marketplace-sample.csv"));
    command::output(import.env("DATABASE_URL", database).current_dir(data.path()))?;

    let ports = xtask::system::ports::consecutive(0, 2)?;
    let [edge, reader] = ports[..] else { anyhow::bail!("no two ports") };
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let settings = [
        ("ORIGIN_URL", system.origin_url()),
        ("LOG_LEVEL", "warn".to_owned()),
        ("CACHE_MEMORY_BYTES", MEMORY.to_owned()),
    ];
    let folder = data.path();
    // The peer answers with the edge's own headers, which are only known once the edge has answered: a first workerd
    // tells them and fills KV, which the second one finds on disk.
    let answer = {
        let _first = workers::start(edge, &settings, &[], folder)?;
        hit_from_kv(&url(edge))?
    };
    let peer = workers::script_worker("kv-reader", reader, &kv_reader(&answer), folder)?;
    let workerd = workers::start(edge, &settings, &[peer], folder)?;
    workers::check_same(&answer, &hit_from_kv(&url(edge))?)?;
    let peers = until("the peer answered", Duration::from_secs(30), || Ok(get(&url(reader)).ok()))?;
    workers::check_same(&answer, &peers)?;

    let pids = workerd.named("workerd");
    ensure!(!pids.is_empty(), "workerd does not run");
    let target = |name: &str, port| Target {
        name: name.to_owned(),
        url: format!("{}{PATH}", url(port)),
        headers: browser_headers(),
        pids: pids.clone(),
    };
    let targets = [target("Worker that reads the KV key", reader), target("edge HIT from KV", edge)];
    let text = format!(
        "`GET {PATH}` ({} bytes as gzip), too large for the memory of an isolate with CACHE_MEMORY_BYTES={MEMORY}, against a \
         Worker in plain JavaScript that reads the same key of the same KV and answers with the same headers from a kept \
         object literal, both in one workerd process on miniflare's direct sockets; miniflare's KV is a second Worker \
         over a file, so this is not what Cloudflare's costs. {}",
        answer.body.len(),
        method()
    );
    let mut block = Block::new("Edge: HIT from KV", text);
    let rounds = Rounds::measure(&targets, |_| Ok(()))?;
    block.tables.push(rounds.table(&[0, 0]));
    block.budgets =
        vec![Budget::at_least("edge HIT from KV to the bare read", 0.80, rounds.ratio(1, 0), |ratio| {
            format!("{ratio:.2}")
        })];
    Ok(block)
}

fn get(edge: &str) -> Result<Answer> {
    Client::new(edge)?.request("GET", PATH).header("accept-encoding", "gzip").send()
}

fn hit_from_kv(edge: &str) -> Result<Answer> {
    until("a HIT from KV", Duration::from_secs(30), || {
        let Ok(answer) = get(edge) else { return Ok(None) };
        let is_kv = answer.header("x-cache") == Some("HIT")
            && answer.header("server-timing").is_some_and(|timing| timing.contains("kv;"));
        Ok(is_kv.then_some(answer))
    })
}

/// Reads the one key there is, and sends what stands behind its header block.
fn kv_reader(answer: &Answer) -> String {
    let headers: serde_json::Map<String, serde_json::Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "connection" | "transfer-encoding"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    format!(
        "const init = {{ status: 200, headers: {}, encodeBody: \"manual\" }};\nlet key;\n\
         export default {{\n  async fetch(request, env) {{\n\
         key ??= (await env.CACHE.list()).keys[0].name;\n\
         const value = await env.CACHE.get(key, \"arrayBuffer\");\n\
         const body = new Uint8Array(value, 5 + new DataView(value).getUint32(1));\n\
         return new Response(body, init);\n  }},\n}};\n",
        json!(headers)
    )
}
