//! `GET /api/products` at the origin against a bare handler.

use anyhow::{Result, ensure};
use valora_tests::client::Client;
use valora_tests::until::until;
use xtask::system::{System, SystemOptions};

use std::time::Duration;

use crate::bare::Bare;
use crate::load::{Target, browser_headers};
use crate::report::{Block, Budget, thousands};
use crate::rounds::{Rounds, method};

const PATH: &str = "/api/products";
/// What the Python backend's owner measured on two idle cores, times a hundred.
const PYTHON_TIMES_100: f64 = 9_800.0;

/// hyper adds these itself.
const BY_THE_SERVER: [&str; 3] = ["content-length", "date", "connection"];

pub(crate) fn run() -> Result<Block> {
    let data = tempfile::tempdir()?;
    let options =
        SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) }.unlimited();
    let system = System::start(options.with_env("LOG_LEVEL", "warn"))?;
    let answer = Client::new(system.origin_url())?.get(PATH)?;
    ensure!(answer.status == 200, "{}", answer.shown());
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !BY_THE_SERVER.contains(&name.as_str()));
    let bare = Bare::start(&headers, &answer.body, data.path())?;
    let same = until("the bare handler answered", Duration::from_secs(10), || {
        Ok(Client::new(&bare.url)?.get(PATH).ok())
    })?;
    ensure!(same.body == answer.body && same.headers.len() == answer.headers.len(), "the two answers differ");

    let target = |name: &str, url: &str, pid| Target {
        name: name.to_owned(),
        url: format!("{url}{PATH}"),
        headers: browser_headers(),
        pids: vec![pid],
    };
    let targets = [
        target("bare axum handler, kept bytes and headers", &bare.url, bare.process.pid()),
        target("origin", &system.origin_url(), system.origin_pid().unwrap_or_default()),
    ];
    let text = format!(
        "`GET {PATH}` (26 products, {} bytes) of the release origin with LOG_LEVEL=warn, against a process with a bare \
         axum handler that answers with the same bytes and headers. {}.",
        answer.body.len(),
        method()
    );
    let mut block = Block::new("Origin: products", text);
    let rounds = Rounds::measure(&targets, None)?;
    block.tables.push(rounds.table(&[0, 0]));
    block.budgets = vec![
        Budget::at_least("origin to bare handler", 0.50, rounds.ratio(1, 0), |ratio| format!("{ratio:.2}")),
        Budget::at_least(
            "100 × the Python backend, requests/s",
            PYTHON_TIMES_100,
            rounds.rate(1).median,
            thousands,
        ),
    ];
    Ok(block)
}
