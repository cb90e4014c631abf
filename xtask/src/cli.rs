//! The command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::worker::{self, WorkerVariant};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "VALORA's own commands", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
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
        Task::BuildEdge { env: _, faults } => {
            worker::build(if faults { WorkerVariant::Faults } else { WorkerVariant::Plain })
        }
    }
}
