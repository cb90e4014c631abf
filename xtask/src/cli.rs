//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::dev::Dev;
use crate::test::Tier;
use crate::up::Up;
use crate::worker::WorkerVariant;
use crate::wrangler::Wrangler;
use crate::{bench, dev, docs, doctor, fuzz, lint, test, up, worker};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "VALORA's own commands", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run edge (wrangler dev) and origin here, with their logs; Ctrl-C ends both.
    Dev(Dev),
    /// Run edge (miniflare) and origin in the background; returns when both answer, and fails, leaving nothing behind, when
    /// settings are faulty.
    Up(Up),
    /// End what `up` started.
    Down,
    /// Run lint and all tiers of tests, or the named ones.
    Test {
        /// Which.
        tiers: Vec<Tier>,
    },
    /// Check formatting, and clippy on both targets.
    Lint,
    /// Run the benches, or the named ones.
    Bench {
        /// Which. `cache-tests`, which measures no speed, runs by name only: the public test suite for HTTP caches
        /// through the edge, its score in docs/CONFORMANCE.md.
        names: Vec<String>,
        /// A checkout of http-tests/cache-tests to run instead of the pinned npm package.
        #[arg(long, value_name = "DIR")]
        suite: Option<PathBuf>,
    },
    /// Fuzz the parsers of the cache, or the named ones; seeds and targets are in fuzz/.
    Fuzz {
        /// Which.
        targets: Vec<String>,
        /// Altogether.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_080))]
        minutes: u32,
    },
    /// Build the Worker into build/worker/ (wrangler.toml calls this).
    BuildEdge {
        /// Also check the variables of [env.NAME] in wrangler.toml.
        #[arg(long, env = "CLOUDFLARE_ENV", value_name = "NAME")]
        env: Option<String>,
        /// Build the variant that tests provoke faults in, into build/worker-faults/.
        #[arg(long)]
        faults: bool,
    },
    /// Write the generated documents again.
    Docs,
    /// Say what is missing on this machine and how to get it.
    Doctor,
}

/// Parses the command line, runs the task, prints what went wrong.
pub fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well; tasks that print their own findings say `false` instead of failing.
fn run(task: Task) -> Result<bool> {
    match task {
        Task::Dev(arguments) => dev::dev(arguments)?,
        Task::Up(arguments) => up::up(arguments)?,
        Task::Down => up::down()?,
        Task::Test { tiers } => return Ok(test::test(&tiers)),
        Task::Lint => {
            let count = lint::lint();
            println!("{count}");
            return Ok(count.failed == 0);
        }
        Task::Bench { names, suite } => bench::bench(names, suite)?,
        Task::Fuzz { targets, minutes } => {
            fuzz::build()?;
            fuzz::run(&targets, minutes * 60)?;
        }
        Task::BuildEdge { env, faults } => {
            // wrangler hands on an empty name for the top level.
            if let Some(environment) = env.filter(|name| !name.is_empty()) {
                Wrangler::read()?.check(&environment)?;
            }
            worker::build(if faults { WorkerVariant::Faults } else { WorkerVariant::Plain })?;
        }
        Task::Docs => docs::docs()?,
        Task::Doctor => return Ok(doctor::doctor()),
    }
    Ok(true)
}
