//! A HIT from isolate memory against a hello world in plain JavaScript, both in one workerd process.

use std::time::Duration;

use anyhow::{Result, ensure};
use valora_tests::client::{Answer, Client};
use valora_tests::until::until;
use xtask::system::{System, SystemOptions};

use super::workers;
use crate::load::{Target, browser_headers};
use crate::report::{Block, Budget};
use crate::rounds::{Rounds, method};

/// Three parameters, of which two are for advertisers: the key is made anew from them each time.
const PATH: &str = "/api/products?limit=50&utm_source=mail&utm_medium=link";
const PAGE: &str = "http://localhost:5173";

pub(crate) fn run() -> Result<Block> {
    let data = tempfile::tempdir()?;
    let options =
        SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) }.unlimited();
    let system = System::start(options.with_env("LOG_LEVEL", "warn"))?;
    // What the hello Workers answer with is what the edge really answers with.
    let (plain, cors) = (hit(&system.edge_url(0), None)?, hit(&system.edge_url(0), Some(PAGE))?);

    let ports = xtask::system::ports::consecutive(0, 4)?;
    let [edge, literal, headers, with_cors] = ports[..] else { anyhow::bail!("no four ports") };
    let hellos = [
        workers::hello("hello-literal", literal, &plain, data.path(), false)?,
        workers::hello("hello-headers", headers, &plain, data.path(), true)?,
        workers::hello("hello-cors", with_cors, &cors, data.path(), false)?,
    ];
    let mut settings = workers::settings(&system);
    settings.push(("RATE_LIMIT_CACHE_HITS", "true".to_owned()));
    let workerd = workers::start(&[(edge, &settings)], &hellos, data.path())?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    for port in ports {
        until("workerd answered", Duration::from_secs(30), || Ok(Client::new(url(port))?.get(PATH).ok()))?;
    }
    workers::check_same(&plain, &hit(&url(edge), None)?)?;
    workers::check_same(&plain, &Client::new(url(literal))?.get(PATH)?)?;
    workers::check_same(&plain, &Client::new(url(headers))?.get(PATH)?)?;
    workers::check_same(&cors, &Client::new(url(with_cors))?.get(PATH)?)?;

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
        "`GET {PATH}` ({} bytes, {} headers) from the memory of the isolate, with LOG_LEVEL=warn and RATE_LIMIT_CACHE_HITS=true, against Workers in plain \
         JavaScript that answer with the same status, headers and body, all in one workerd process on miniflare's \
         direct sockets; 14 request headers. {}. Ratios are to the first row; of the CORS HIT, to the CORS hello.",
        plain.body.len(),
        plain.headers.len(),
        method()
    );
    let mut block = Block::new("Edge: HIT from memory", text);
    let rounds = Rounds::measure(&targets, None)?;
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
