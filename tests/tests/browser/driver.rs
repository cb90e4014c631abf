//! Runs a scenario of `drive.mjs` in Chromium.

use std::fs::File;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use xtask::command::{command, run_within};
use xtask::{browser, paths};

/// A browser that is not done by then hangs.
const LIMIT: Duration = Duration::from_secs(90);

/// What the scenario found; it must not have met a fault in the page.
pub(crate) fn drive(scenario: &str, options: &Value) -> Result<Value> {
    let chromium = browser::path().context("there is no Chromium: `cargo xtask test browser` installs it")?;
    let folder = tempfile::tempdir()?;
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut node = command("node");
    node.arg(paths::in_root("tests/tests/browser/drive.mjs"))
        .arg(chromium)
        .arg(scenario)
        .arg(options.to_string());
    node.stdout(File::create(&out)?).stderr(File::create(&err)?);
    if !run_within(&mut node, LIMIT)? {
        bail!("{scenario} failed: {}{}", std::fs::read_to_string(&out)?, std::fs::read_to_string(&err)?);
    }
    let found: Value = serde_json::from_slice(&std::fs::read(&out)?)?;
    ensure!(found["faults"].as_array().is_some_and(Vec::is_empty), "the page had faults: {found:#}");
    Ok(found["result"].clone())
}
