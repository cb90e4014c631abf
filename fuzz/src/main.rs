//! `valora-fuzz SECONDS [TARGET…]`: the seconds are divided among the targets. `cargo xtask fuzz` builds and calls it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use valora_fuzz::targets::{self, Target};
use valora_fuzz::{corpus, coverage, engine};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was found.
fn run(arguments: &[String]) -> Result<bool> {
    let (seconds, names) = arguments.split_first().context("usage: valora-fuzz SECONDS [TARGET…]")?;
    let seconds: u32 = seconds.parse().context("SECONDS must be a number")?;
    let targets = named(names)?;
    // Panics are findings; each is told once, at the end.
    std::panic::set_hook(Box::new(|_| {}));
    let share = Duration::from_secs(seconds.into()) / u32::try_from(targets.len())?.max(1);
    let mut is_sound = true;
    for target in targets {
        is_sound &= fuzz(target, share)?;
    }
    Ok(is_sound)
}

fn named(names: &[String]) -> Result<Vec<&'static Target>> {
    if let Some(unknown) = names.iter().find(|name| targets::ALL.iter().all(|target| target.name != **name)) {
        let known: Vec<_> = targets::ALL.iter().map(|target| target.name).collect();
        bail!("there is no target {unknown}; there are {}", known.join(", "));
    }
    let is_meant = |target: &&Target| names.is_empty() || names.iter().any(|name| name == target.name);
    Ok(targets::ALL.iter().filter(is_meant).collect())
}

fn fuzz(target: &Target, time: Duration) -> Result<bool> {
    let seeds = corpus::seeds(target.name)?.into_iter().map(|(_, seed)| seed).collect();
    let hanging = corpus::finding(target.name, "hanging")?;
    // Another run tries other inputs.
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.subsec_nanos();
    let outcome = engine::fuzz(target, seeds, time, hanging, seed.into());
    let guided = if coverage::is_counted() { "" } else { ", blindly" };
    println!(
        "{:18} {:>9} inputs in {:.0?}{guided}, {} kept, {} branches reached",
        target.name, outcome.tried, time, outcome.kept, outcome.reached
    );
    let Some((input, reason)) = outcome.finding else { return Ok(true) };
    let file = corpus::finding(target.name, "broken")?;
    std::fs::write(&file, &input)?;
    println!("  FOUND: {reason}\n  input: \"{}\"\n  in {}", input.escape_ascii(), file.display());
    println!(
        "  Mend it, then put the input into fuzz/corpus/{}/: unit tests try all that is there.",
        target.name
    );
    Ok(false)
}
