//! Measures what design budgets name and writes docs/PERFORMANCE.md: `cargo xtask bench [NAME …]`.
//!
//! A duration alone says little on a shared machine, so speed is a ratio of two targets in one run: short runs in
//! shuffled order, medians, and CPU time per request beside requests per second. Ends with 1 when a budget is missed.

mod bare;
mod benches;
mod load;
mod machine;
mod process;
mod report;
mod rounds;
mod statistics;

use std::process::ExitCode;

use anyhow::{Result, bail};

use report::Block;

/// A bench by the name it is called with.
type Bench = (&'static str, fn() -> Result<Block>);

const BENCHES: [Bench; 11] = [
    ("edge-hit", benches::edge_hit::run),
    ("edge-kv", benches::edge_kv::run),
    ("edge-hono", benches::edge_hono::run),
    ("edge-limiter", benches::edge_limiter::run),
    ("limiter-step", benches::limiter_step::run),
    ("limiter-origin", benches::limiter_origin::run),
    ("origin-products", benches::origin_products::run),
    ("import", benches::import::run),
    ("recompute", benches::recompute::run),
    ("size", benches::size::run),
    ("memory", benches::memory::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every budget was kept.
fn run(arguments: &[String]) -> Result<bool> {
    // Our own other half: the handler that the origin is compared with, in a process of its own.
    if let [mode, answer] = arguments
        && mode == bare::MODE
    {
        bare::serve(answer.as_ref())?;
        return Ok(true);
    }
    let known: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = arguments.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no bench {unknown}; there are: {}", known.join(", "));
    }
    let mut kept = true;
    for (name, bench) in BENCHES {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            eprintln!("[{name}] measuring ...");
            let block = bench()?;
            report::write(name, &block)?;
            println!("{}", block.to_markdown(name)?);
            kept &= block.keeps_its_budgets();
        }
    }
    Ok(kept)
}
