//! `up` and `down`: the system in the background.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::paths;
use crate::system::{System, SystemOptions};

mod record;

use record::Record;

/// Where and how `up` runs the system.
#[derive(Debug, Args)]
pub struct Up {
    /// Keep database, KV, objects and logs here.
    #[arg(long, default_value = ".valora", value_name = "DIR")]
    data: PathBuf,
    /// Port of the edge; with several isolates, of the first.
    #[arg(long, default_value_t = 8787)]
    edge_port: u16,
    /// Port of the origin.
    #[arg(long, default_value_t = 8000)]
    origin_port: u16,
    /// Workers over one set of objects, on consecutive ports.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    isolates: u16,
    /// Build the origin for speed.
    #[arg(long)]
    release: bool,
    /// Start no origin: `ORIGIN_URL` says where one is.
    #[arg(long)]
    edge_only: bool,
}

/// Starts the system and returns when both sides answer.
///
/// # Errors
/// When it runs already, when something does not start, or when settings are faulty; nothing is left running then.
pub fn up(arguments: Up) -> Result<()> {
    let file = record_file();
    if let Some(running) = Record::read_living(&file)? {
        bail!("the system runs already; `cargo xtask down` ends it\n{running}");
    }
    let options = SystemOptions {
        edge_port: arguments.edge_port,
        origin_port: arguments.origin_port,
        isolates: arguments.isolates,
        release: arguments.release,
        origin: !arguments.edge_only,
        // Scripts that try the limits are several clients; behind `dev` a browser is one.
        unless_told: vec![("TRUST_CF_CONNECTING_IP".to_owned(), "1".to_owned())],
        ..SystemOptions::new(arguments.data)
    };
    options.check_ports()?;
    options.build()?;
    let system = System::start_detached(options)?;
    let faults = system.edge_faults();
    if !faults.is_empty() {
        bail!("the edge has faulty settings and would answer 503 to everything:\n  {}", faults.join("\n  "));
    }
    let record = Record::of(&system);
    // When the record cannot be written, `system` is dropped and nothing is left that `down` would not find.
    record.write(&file)?;
    system.forget();
    println!("{record}");
    Ok(())
}

/// Ends what `up` started.
///
/// # Errors
/// When the record cannot be read or something does not end.
pub fn down() -> Result<()> {
    let file = record_file();
    match Record::read_living(&file)? {
        Some(record) => {
            record.end();
            std::fs::remove_file(&file)?;
            println!("ended");
        }
        None => println!("nothing runs"),
    }
    Ok(())
}

/// In one place, whatever `--data` was.
fn record_file() -> PathBuf {
    paths::in_root(".valora/run/up.json")
}
