//! `test`: the tiers, what each needs, and one line at the end that says how it went.

use anyhow::Result;
use clap::ValueEnum;

use crate::step::{self, step};
use crate::system::SystemOptions;
use crate::worker::{self, WorkerVariant};
use crate::{browser, conformance, fuzz, lint, schemathesis};

mod cargo_test;
mod count;

pub use count::Count;

use cargo_test::cargo_test;

/// Tests of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// Formatting and clippy.
    Lint,
    /// In process, no network.
    Unit,
    /// The real workerd in front of the real origin.
    E2e,
    /// The same behind a real browser.
    Browser,
}

/// What runs when nothing is named.
const DEFAULT: [Tier; 4] = [Tier::Lint, Tier::Unit, Tier::E2e, Tier::Browser];

/// End-to-end tests wait more than they compute, so there may be more of them than cores.
const E2E_THREADS: &str = "--test-threads=4";

/// Runs the tiers, every one whatever became of the others. Whether all passed.
pub fn test(tiers: &[Tier]) -> bool {
    let mut total = Count::default();
    for tier in if tiers.is_empty() { &DEFAULT } else { tiers } {
        let count = tier.run().and_then(Count::or_none_ran).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Count::one_failed()
        });
        println!("{tier:?}: {count}");
        total += count;
    }
    println!("\nTime per step:\n{}", step::table());
    // The last line, which programs read.
    println!("{total}");
    total.failed == 0
}

impl Tier {
    fn run(self) -> Result<Count> {
        match self {
            Self::Lint => Ok(lint::lint()),
            Self::Unit => unit(),
            Self::E2e => {
                system()?;
                schemathesis::ensure()?;
                conformance::ensure()?;
                fuzz::build()?;
                cargo_test("e2e tests", &["--package", "valora-tests", "--test", "e2e"], &[E2E_THREADS])
            }
            Self::Browser => {
                system()?;
                let browser = browser::ensure()?;
                eprintln!("[browser] {}", browser.display());
                cargo_test("browser tests", &["--package", "valora-tests", "--test", "browser"], &[])
            }
        }
    }
}

fn unit() -> Result<Count> {
    let packages = ["valora-shared", "valora-edge", "valora-origin", "xtask", "valora-bench", "valora-fuzz"];
    let arguments: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).collect();
    let mut count = cargo_test("unit tests", &arguments, &[])?;
    count += cargo_test("document tests", &["--package", "valora-tests", "--lib"], &[])?;
    Ok(count)
}

/// Everything that a test may start.
fn system() -> Result<()> {
    step("set-up", "Worker in both variants and origin", || {
        // The folder is not looked at: building depends on the other options alone.
        SystemOptions::new("").build()?;
        worker::build(WorkerVariant::Faults)
    })
}
