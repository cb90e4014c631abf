//! The command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::up::{self, Up};
use crate::worker::{self, WorkerVariant};
use crate::wrangler::Wrangler;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "VALORA's own commands", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run edge and origin in the background; returns when both answer.
    Up(Up),
    /// End what `up` started.
    Down,
    /// Build the Worker into build/worker/ (wrangler.toml calls this).
    BuildEdge {
        /// Also check the variables of [env.NAME] in wrangler.toml.
        #[arg(long, env = "CLOUDFLARE_ENV")]
        env: Option<String>,
        /// Build the variant that tests provoke faults in.
        #[arg(long, hide = true)]
        faults: bool,
    },
}

/// Parses the command line, runs the task, prints what went wrong.
pub fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Up(arguments) => up::up(arguments),
        Task::Down => up::down(),
        Task::BuildEdge { env, faults } => {
            if let Some(environment) = env.filter(|name| !name.is_empty()) {
                Wrangler::read()?.check(&environment)?;
            }
            worker::build(if faults { WorkerVariant::Faults } else { WorkerVariant::Plain })
        }
    }
}
