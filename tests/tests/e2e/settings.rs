//! Faulty settings: all of them at once, in the log and nowhere else.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::{HeaderSet, problem};
use valora_tests::running::Running;
use valora_tests::until::until;
use xtask::paths;
use xtask::system::SystemOptions;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        the_edge_answers_503_on_every_route_and_logs_every_fault,
        the_origin_refuses_to_start_and_names_every_fault
    ]
}

fn the_edge_answers_503_on_every_route_and_logs_every_fault() -> Result<()> {
    let system = Running::start(|options| {
        SystemOptions { origin: false, ..options }
            .with_env("ORIGIN_URL", "nonsense")
            .with_env("ORIGIN_TIMEOUT_MS", "soon")
            .with_env("LOG_LEVEL", "loud")
    })?;
    let edge = system.edge()?;
    let preflight = edge
        .request("OPTIONS", "/api/price")
        .header("origin", "http://localhost:5173")
        .header("access-control-request-method", "POST");
    let answers = [
        edge.get("/")?,
        edge.get("/api/health")?,
        edge.get("/api/health/detailed")?,
        edge.get("/api/products")?,
        edge.get("/nowhere")?,
        edge.post_json("/api/price", r#"{"product_id":"1"}"#)?,
        preflight.send()?,
    ];
    for answer in answers {
        problem(&answer, 503, "ConfigurationError", &HeaderSet::problem().strict())?;
        for hidden in ["nonsense", "soon", "loud", "ORIGIN_URL", "ORIGIN_TIMEOUT_MS", "LOG_LEVEL"] {
            ensure!(!answer.text().contains(hidden), "{hidden} is shown: {}", answer.shown());
        }
    }
    let line = until("the edge logged its faults", Duration::from_secs(5), || {
        Ok(system.edge_log().lines().find(|line| line.contains("faulty settings")).map(str::to_owned))
    })?;
    for variable in ["ORIGIN_URL", "ORIGIN_TIMEOUT_MS", "LOG_LEVEL"] {
        ensure!(line.contains(variable), "{variable} is not in {line}");
    }
    let told = system.edge_faults();
    ensure!(told.len() == 3 && told[0].starts_with("LOG_LEVEL: \"loud\""), "`up` would tell {told:?}");
    Ok(())
}

fn the_origin_refuses_to_start_and_names_every_fault() -> Result<()> {
    let empty = tempfile::tempdir()?;
    let faulty = [
        ("BIND_ADDRESS", "localhost"),
        ("DATABASE_URL", "mysql://db/valora"),
        ("DEFAULT_MARGIN_PERCENT", "91"),
        ("MAX_REQUEST_SIZE", "0"),
        ("ENVIRONMENT", "production"),
    ];
    let output = Command::new(paths::target().join("debug/valora-origin"))
        .arg("serve")
        .envs(faulty)
        .env_remove("FRONTEND_URL")
        .current_dir(empty.path())
        .output()
        .context("the origin is not built")?;
    ensure!(output.status.code() == Some(64), "{}", output.status);
    let told = String::from_utf8_lossy(&output.stderr);
    for name in ["BIND_ADDRESS", "DATABASE_URL", "DEFAULT_MARGIN_PERCENT", "MAX_REQUEST_SIZE", "FRONTEND_URL"]
    {
        ensure!(told.contains(name), "{name} is not in: {told}");
    }
    Ok(())
}
