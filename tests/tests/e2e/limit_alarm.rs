//! A client that asks no more is forgotten: the alarm of its limiter, in the real object with the real wasm.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use valora_tests::client::{Answer, Client};
use valora_tests::until::until;
use xtask::command::command;
use xtask::system::ports;
use xtask::worker::WorkerVariant;
use xtask::wrangler::{Wrangler, miniflare};
use xtask::{paths, process};

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![an_idle_client_is_forgotten_by_one_alarm]
}

const DAY_MS: i64 = 86_400_000;
/// The last bucket of the day is up to a quarter of an hour long, and a lease ends up to two seconds later.
const LONGEST_MS: i64 = DAY_MS + 2 * 900_000;

/// The Worker alone: that there is no origin is nothing to its limiters.
struct Alone {
    node: Child,
    edge: Client,
}

impl Alone {
    fn start(data: &Path) -> Result<Self> {
        let port = *ports::consecutive(0, 1)?.first().context("no free port")?;
        let overrides = BTreeMap::from(
            [("TRUST_CF_CONNECTING_IP", "1"), ("ORIGIN_URL", "http://127.0.0.1:9")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let worker = WorkerVariant::Plain.folder();
        let setting =
            miniflare::Setting { worker: &worker, state: data, ports: &[port], overrides: &overrides };
        let mut options = miniflare::options(&Wrangler::read()?, &setting);
        let entry = json!({
            "type": "ESModule",
            "path": worker.join("limit_alarm.mjs"),
            "contents": include_str!("limit_alarm.mjs"),
        });
        options["workers"][0]["modules"].as_array_mut().context("no modules")?.insert(0, entry);
        let file = data.join("options.json");
        std::fs::write(&file, options.to_string())?;
        let mut node = command("node");
        node.arg(paths::in_root("xtask/js/miniflare.mjs")).arg(file).arg("--until-stdin-closes");
        node.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let alone = Self {
            node: process::spawn_group(&mut node)?,
            edge: Client::new(format!("http://127.0.0.1:{port}"))?,
        };
        until("the Worker answered", Duration::from_secs(30), || Ok(alone.get("/__limiters?ahead=0").ok()))?;
        Ok(alone)
    }

    fn get(&self, target: &str) -> Result<Answer> {
        self.edge.request("GET", target).header("cf-connecting-ip", "192.0.2.1").send()
    }

    /// What the limiters have stored once their alarm has rung so much later.
    fn limiters(&self, ahead_ms: i64) -> Result<Vec<Value>> {
        let told = self.get(&format!("/__limiters?ahead={ahead_ms}"))?.json()?;
        Ok(told.as_array().cloned().unwrap_or_default())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        process::end_group(&mut self.node, Duration::from_secs(5));
    }
}

fn an_idle_client_is_forgotten_by_one_alarm() -> Result<()> {
    let data = tempfile::tempdir()?;
    let system = Alone::start(data.path())?;
    let answer = system.get("/api/categories")?;
    ensure!(answer.header("x-ratelimit-remaining-minute") == Some("59"), "{:?}", answer.headers);

    let limiters = system.limiters(0)?;
    let [limiter] = &limiters[..] else { anyhow::bail!("one client has one limiter: {limiters:?}") };
    ensure!(limiter["kept"] == json!(["state"]), "{limiter}");
    let rings_in = limiter["rings_in"].as_i64().context("an alarm that has rung too early is set anew")?;
    ensure!((DAY_MS..=LONGEST_MS).contains(&rings_in), "{limiter}");

    // Of a client that asks later the alarm rings too early, and then at the new end.
    let later = system.limiters(DAY_MS / 2)?;
    ensure!(later[0]["kept"] == json!(["state"]), "{later:?}");
    ensure!(system.get("/api/categories")?.header("x-ratelimit-limit-minute").is_some());
    let moved = system.limiters(LONGEST_MS)?;
    ensure!(moved[0]["kept"] == json!(["state"]), "{moved:?}");
    let rings_in = moved[0]["rings_in"].as_i64().context("no alarm")?;
    ensure!((1..=DAY_MS / 2 + 900_000).contains(&rings_in), "{moved:?}");

    let forgotten = system.limiters(LONGEST_MS + DAY_MS / 2)?;
    ensure!(forgotten == [json!({"kept": [], "rings_in": null})], "{forgotten:?}");
    let answer = system.get("/api/categories")?;
    ensure!(answer.header("x-ratelimit-remaining-day") == Some("9999"), "{:?}", answer.headers);
    Ok(())
}
