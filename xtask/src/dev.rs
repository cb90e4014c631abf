//! `dev`: the system in the foreground, the edge in the real `wrangler dev`, until Ctrl-C.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::system::{EdgeRuntime, System, SystemOptions, logs};

/// Where `dev` runs the system.
#[derive(Debug, Args)]
pub struct Dev {
    /// Keep database, KV, objects and logs here.
    #[arg(long, default_value = ".valora", value_name = "DIR")]
    data: PathBuf,
    /// Port of the edge.
    #[arg(long, default_value_t = 8787)]
    edge_port: u16,
    /// Port of the origin.
    #[arg(long, default_value_t = 8000)]
    origin_port: u16,
    /// Build the origin for speed.
    #[arg(long)]
    release: bool,
}

/// Builds what is out of date, starts both sides, shows their logs, ends both on Ctrl-C.
///
/// # Errors
/// When something does not start, or one side ends by itself.
pub fn dev(arguments: Dev) -> Result<()> {
    let options = SystemOptions {
        edge_port: arguments.edge_port,
        origin_port: arguments.origin_port,
        release: arguments.release,
        edge: EdgeRuntime::WranglerDev,
        ..SystemOptions::new(arguments.data)
    };
    options.check_ports()?;
    options.build()?;
    // From here on a signal ends this function and not the process, so that `system` is dropped. A signal
    // before that ends the process, and nothing runs yet; one while the system starts waits in the channel.
    let signals = signals()?;
    options.clear_logs()?;
    for service in ["origin", "edge"] {
        logs::follow(service, options.log(service));
    }
    let mut system = System::start(options)?;
    println!();
    println!("edge    {}", system.edge_url(0));
    println!("origin  {}", system.origin_url());
    if let Some(token) = system.variable("ADMIN_TOKEN") {
        println!("admin   Authorization: Bearer {token}");
    }
    println!("data    {}", system.data().display());
    println!("Ctrl-C ends both");
    let faults = system.edge_faults();
    if !faults.is_empty() {
        println!("\nThe edge has faulty settings and answers 503 to everything:\n  {}", faults.join("\n  "));
    }
    println!();
    watch(&mut system, &signals)
}

fn watch(system: &mut System, signals: &Receiver<i32>) -> Result<()> {
    loop {
        match signals.recv_timeout(Duration::from_millis(300)) {
            Ok(_) => {
                println!("ending ...");
                return Ok(());
            }
            Err(RecvTimeoutError::Disconnected) => bail!("nobody waits for signals any more"),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(service) = system.ended() {
            bail!(
                "the {} has ended by itself; its log ends with:\n{}",
                service.name,
                logs::tail(&service.log)
            );
        }
    }
}

fn signals() -> Result<Receiver<i32>> {
    let (sender, receiver) = channel();
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if sender.send(signal).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
