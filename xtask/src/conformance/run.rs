//! One run: the suite's server as the origin, the edge in front of it, the suite's client before both.

use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::{Score, Suite};
use crate::command::{command, output, run_within};
use crate::paths;
use crate::system::{Service, System, SystemOptions, ports};

/// The client takes a minute: it sleeps for most of it.
const LIMIT: Duration = Duration::from_mins(5);
/// A Node program that only listens.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The edge without an origin of ours.
pub(super) fn options(folder: &Path) -> SystemOptions {
    SystemOptions { origin: false, inherit: false, ..SystemOptions::new(folder) }
        .with_env("EDGE_MODE", "proxy")
        .with_env("LOG_LEVEL", "warn")
}

pub(super) fn run(suite: &Suite, folder: &Path) -> Result<Score> {
    let port = ports::consecutive(0, 1)?.first().copied().context("no free port")?;
    let mut server = serve(suite, folder, port)?;
    wait(&mut server, port)?;
    let url = format!("http://127.0.0.1:{port}");
    let edge = System::start(options(folder).with_env("ORIGIN_URL", &url))?;
    let results = folder.join("results.json");
    ask(suite, &edge.edge_url(0), &results, &folder.join("client.log"))?;
    judge(suite, &results)
}

fn serve(suite: &Suite, folder: &Path, port: u16) -> Result<Service> {
    let mut node = command("node");
    node.arg(driver()).arg("serve").arg(&suite.folder).arg(port.to_string()).current_dir(folder);
    Service::spawn("cache-tests", node, &folder.join("server.log"), false)
}

fn wait(server: &mut Service, port: u16) -> Result<()> {
    let end = Instant::now() + START_LIMIT;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if server.has_ended() || Instant::now() >= end {
            let said = std::fs::read_to_string(&server.log).unwrap_or_default();
            bail!("the suite's server does not start: {said}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Runs the client as `npm run cli --base=URL` would: it takes its settings from what npm puts into the environment. An
/// absent `id` would be taken for the name of one test; npm hands on the package's own, which is empty.
fn ask(suite: &Suite, url: &str, results: &Path, log: &Path) -> Result<()> {
    let mut client = command("node");
    client.arg("--import").arg(paths::in_root("xtask/js/no-keep-alive.mjs"));
    client
        .arg("--no-warnings")
        .arg(suite.client())
        .env("npm_config_base", url)
        .env("npm_package_config_id", "")
        .stdout(Stdio::from(File::create(results)?))
        .stderr(Stdio::from(File::create(log)?));
    if run_within(&mut client, LIMIT)? {
        return Ok(());
    }
    bail!("the suite did not end well: {}", std::fs::read_to_string(log).unwrap_or_default())
}

fn judge(suite: &Suite, results: &Path) -> Result<Score> {
    let verdicts = output(command("node").arg(driver()).arg("judge").arg(&suite.folder).arg(results))?;
    Score::read(&verdicts, suite.is_pinned())
}

fn driver() -> std::path::PathBuf {
    paths::in_root("xtask/js/cache-tests.mjs")
}
