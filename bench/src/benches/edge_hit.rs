//! A HIT from isolate memory against a hello world in plain JavaScript, both in one workerd process.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use valora_tests::client::{Answer, Client};
use valora_tests::until::until;
use xtask::system::{System, SystemOptions};
use xtask::worker::WorkerVariant;
use xtask::wrangler::{Wrangler, miniflare};
use xtask::{command, paths};

use crate::load::{Target, browser_headers};
use crate::process::Guarded;
use crate::report::{Block, Budget};
use crate::rounds::{Rounds, method};

/// Three parameters, of which two are for advertisers: the key is made anew from them each time.
const PATH: &str = "/api/products?limit=50&utm_source=mail&utm_medium=link";
const PAGE: &str = "http://localhost:5173";
/// A second before the entry ends, so that a run of one second lies within its life.
const OLD_AGE_SECONDS: u32 = 3;

pub(crate) fn run() -> Result<Block> {
    let data = tempfile::tempdir()?;
    let options = SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) };
    let system = System::start(options.with_env("LOG_LEVEL", "warn"))?;
    // What the hello Workers answer with is what the edge really answers with.
    let (plain, cors) = (hit(&system.edge_url(0), None)?, hit(&system.edge_url(0), Some(PAGE))?);

    let ports = xtask::system::ports::consecutive(0, 4)?;
    let [edge, literal, headers, with_cors] = ports[..] else { anyhow::bail!("no four ports") };
    let hellos = [
        hello("hello-literal", literal, &plain, data.path(), false)?,
        hello("hello-headers", headers, &plain, data.path(), true)?,
        hello("hello-cors", with_cors, &cors, data.path(), false)?,
    ];
    let workerd = start(edge, &hellos, &system.origin_url(), data.path())?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    for port in ports {
        until("workerd answered", Duration::from_secs(30), || Ok(Client::new(url(port))?.get(PATH).ok()))?;
    }
    check_same(&plain, &hit(&url(edge), None)?)?;
    check_same(&plain, &Client::new(url(literal))?.get(PATH)?)?;
    check_same(&plain, &Client::new(url(headers))?.get(PATH)?)?;
    check_same(&cors, &Client::new(url(with_cors))?.get(PATH)?)?;

    let pids = workerd.named("workerd");
    ensure!(!pids.is_empty(), "workerd does not run");
    let target = |name: &str, port, origin: Option<&str>| {
        let origin = origin.map(|origin| ("origin".to_owned(), origin.to_owned()));
        let headers = browser_headers().into_iter().chain(origin).collect();
        Target { name: name.to_owned(), url: format!("{}{PATH}", url(port)), headers, pids: pids.clone() }
    };
    let targets = [
        target("hello world in JavaScript, kept object literal", literal, None),
        target("edge HIT", edge, None),
        target("hello world in JavaScript, kept `Headers`", headers, None),
        target("hello world with CORS headers, kept object literal", with_cors, Some(PAGE)),
        target("edge HIT with an Origin (CORS)", edge, Some(PAGE)),
    ];
    let text = format!(
        "`GET {PATH}` ({} bytes, {} headers) from the memory of the isolate, with LOG_LEVEL=warn, against Workers in plain \
         JavaScript that answer with the same status, headers and body, all in one workerd process on miniflare's \
         direct sockets; 14 request headers. Each run of the edge lies within the five seconds of its entry. {}. Ratios are to the first row; of the CORS HIT, to the CORS hello.",
        plain.body.len(),
        plain.headers.len(),
        method()
    );
    let mut block = Block::new("Edge: HIT from memory", text);
    let rounds = Rounds::measure(&targets, |index| match targets.get(index) {
        Some(target) if target.name.starts_with("edge") => make_young(&url(edge)),
        _ => Ok(()),
    })?;
    block.tables.push(rounds.table(&[0, 0, 0, 3, 3]));
    let two = |ratio: f64| format!("{ratio:.2}");
    block.budgets = vec![
        Budget::at_least("edge HIT to hello world", 0.80, rounds.ratio(1, 0), two),
        Budget::at_least("the same with CORS", 0.80, rounds.ratio(4, 3), two),
    ];
    Ok(block)
}

/// A HIT of the edge, as it is sent.
fn hit(edge: &str, origin: Option<&str>) -> Result<Answer> {
    let mut request = Client::new(edge)?.request("GET", PATH);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    until("a HIT", Duration::from_secs(10), || {
        let answer = request.send()?;
        Ok((answer.header("x-cache") == Some("HIT")).then_some(answer))
    })
}

/// Waits until the entry has most of its life before it.
fn make_young(edge: &str) -> Result<()> {
    let client = Client::new(edge)?;
    until("a young entry", Duration::from_secs(10), || {
        let age = client.get(PATH)?.header("age").and_then(|age| age.parse::<u32>().ok());
        Ok(age.filter(|age| *age < OLD_AGE_SECONDS).map(drop))
    })
}

/// The Worker that one would write by hand to answer with just this.
fn hello(name: &str, port: u16, answer: &Answer, folder: &Path, keeps_headers: bool) -> Result<Value> {
    // The runtime counts the body and closes the connection itself.
    let headers: serde_json::Map<String, Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "connection"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let kept = if keeps_headers { "new Headers(literal)" } else { "literal" };
    let script = format!(
        "const body = {};\nconst literal = {};\nconst headers = {kept};\n\
         export default {{\n  fetch() {{\n    return new Response(body, {{ status: {}, headers }});\n  }},\n}};\n",
        json!(answer.text()),
        json!(headers),
        answer.status
    );
    let path = folder.join(format!("{name}.mjs"));
    std::fs::write(&path, script)?;
    Ok(json!({
        "name": name,
        "compatibilityDate": Wrangler::read()?.compatibility_date,
        "modulesRoot": folder,
        "modules": [{ "type": "ESModule", "path": path }],
        "unsafeDirectSockets": [{ "host": "127.0.0.1", "port": port }],
    }))
}

/// The edge and the hello Workers in one workerd.
fn start(edge: u16, hellos: &[Value], origin: &str, folder: &Path) -> Result<Guarded> {
    let overrides = [("ORIGIN_URL", origin), ("LOG_LEVEL", "warn")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let setting = miniflare::Setting {
        worker: &WorkerVariant::Plain.folder(),
        state: &folder.join("bench-state"),
        ports: &[edge],
        overrides: &overrides,
    };
    let mut options = miniflare::options(&Wrangler::read()?, &setting);
    let workers = options["workers"].as_array_mut().context("miniflare's options have no workers")?;
    workers.extend_from_slice(hellos);
    let file = folder.join("bench.json");
    std::fs::write(&file, options.to_string())?;
    let mut node = command::command("node");
    Guarded::spawn(node.arg(paths::in_root("xtask/js/miniflare.mjs")).arg(file).arg("--until-stdin-closes"))
}

/// Status, body and names of headers; values where they do not differ from request to request.
fn check_same(expected: &Answer, given: &Answer) -> Result<()> {
    let names = |answer: &Answer| {
        let mut names: Vec<String> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    };
    ensure!(
        expected.status == given.status && expected.body == given.body,
        "the answers differ: {}",
        given.shown()
    );
    ensure!(
        names(expected) == names(given),
        "the headers differ: {:?} and {:?}",
        expected.headers,
        given.headers
    );
    Ok(())
}
