//! The real `wrangler dev`, as a person starts it.

use anyhow::{Result, ensure};
use valora_tests::running::Running;
use xtask::system::{EdgeRuntime, SystemOptions};

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![products_come_through_wrangler_dev, faulty_settings_are_found_in_its_log]
}

fn faulty_settings_are_found_in_its_log() -> Result<()> {
    let system = Running::start(|options| {
        SystemOptions { edge: EdgeRuntime::WranglerDev, origin: false, ..options }
            .with_env("RATE_LIMIT_ON_FAILURE", "explode")
    })?;
    let told = system.edge_faults();
    ensure!(told.len() == 1 && told[0].starts_with("RATE_LIMIT_ON_FAILURE: \"explode\""), "{told:?}");
    Ok(())
}

fn products_come_through_wrangler_dev() -> Result<()> {
    let system = Running::start(|options| SystemOptions { edge: EdgeRuntime::WranglerDev, ..options })?;
    let (edge, origin) = (system.edge()?, system.origin()?);
    ensure!(system.edge_faults().is_empty());
    let first = edge.get("/api/products")?;
    ensure!(first.status == 200 && first.header("x-cache") == Some("MISS"), "{}", first.shown());
    ensure!(first.body == origin.get("/api/products")?.body);
    let second = edge.get("/api/products")?;
    ensure!(second.header("x-cache") == Some("HIT") && second.body == first.body, "{}", second.shown());
    ensure!(second.header("content-security-policy") == Some("default-src 'none'; frame-ancestors 'none'"));
    Ok(())
}
