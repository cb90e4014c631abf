//! `valora-origin`: see `valora-origin --help`.

#![forbid(unsafe_code)]

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    valora_origin::cli::run(valora_origin::cli::Arguments::parse())
}
