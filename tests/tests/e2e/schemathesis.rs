//! The `OpenAPI` document holds: nothing that it allows is refused, nothing that it forbids is accepted, and every answer
//! is one that it names. At the origin and through the edge, each with a system of its own, since products are made,
//! changed and taken away.

use anyhow::Result;
use valora_tests::running::Running;
use xtask::schemathesis;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![the_document_holds_at_the_origin, the_document_holds_through_the_edge]
}

const TOKEN: &str = "7b1e0c94d25f48a3b6c8e0f1a9d37254";

fn the_document_holds_at_the_origin() -> Result<()> {
    let system = system()?;
    schemathesis::run(&system.origin_url(), TOKEN, system.data())
}

fn the_document_holds_through_the_edge() -> Result<()> {
    let system = system()?;
    schemathesis::run(&system.edge_url(0), TOKEN, system.data())
}

fn system() -> Result<Running> {
    Running::start(|options| {
        options.with_env("ADMIN_TOKEN", TOKEN).with_env("PRICE_POLL_INTERVAL_SECONDS", "0")
    })
}
