//! Starting the origin.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::{Service, SystemOptions, Told};
use crate::command::{cargo, command, run};
use crate::{paths, step};

/// Compiles the origin. Cargo knows whether anything changed.
pub(crate) fn build(release: bool) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--package", "valora-origin"]);
    if release {
        build.arg("--release");
    }
    let begin = Instant::now();
    run(&mut build).context("the origin does not compile")?;
    let taken = begin.elapsed();
    if taken.as_secs() >= 2 {
        eprintln!("[origin] compiled in {:.1} s", taken.as_secs_f64());
        step::remember("compile origin", taken);
    }
    Ok(())
}

/// The program.
pub(crate) fn binary(release: bool) -> PathBuf {
    paths::target().join(if release { "release" } else { "debug" }).join("valora-origin")
}

pub(super) fn spawn(
    options: &SystemOptions,
    told: &Told,
    port: u16,
    edge_port: u16,
    detached: bool,
) -> Result<Service> {
    let mut origin = program(options, told)?;
    origin.arg("serve");
    origin.env("BIND_ADDRESS", format!("127.0.0.1:{port}"));
    if !options.has("EDGE_URL") && told.origin("EDGE_URL").is_none() {
        origin.env("EDGE_URL", format!("http://127.0.0.1:{edge_port}"));
    }
    Service::spawn("origin", origin, &options.log("origin"), detached)
}

/// What `valora-origin key WHICH` prints, for the edge. `None` where its settings are faulty: it says so itself when it
/// starts.
pub(super) fn key(options: &SystemOptions, told: &Told, which: &str) -> Result<Option<String>> {
    let output = program(options, told)?.args(["key", which]).output().context("cannot start the origin")?;
    let keys = String::from_utf8(output.stdout)?;
    Ok(output.status.success().then(|| keys.trim().to_owned()))
}

/// The program with its environment.
fn program(options: &SystemOptions, told: &Told) -> Result<Command> {
    let binary = binary(options.release);
    if !binary.is_file() {
        bail!("{} is not built", binary.display());
    }
    let mut origin = command(&binary);
    if !options.inherit {
        origin.env_clear().current_dir(&options.data);
    }
    // Where the environment says nothing: the state belongs into the data folder, and this is a developer's.
    for (name, value) in [
        ("DATABASE_URL", format!("sqlite:///{}", options.data.join("valora.db").display())),
        ("ENVIRONMENT", "development".to_owned()),
    ] {
        if told.in_environment(name).is_none() {
            origin.env(name, value);
        }
    }
    origin.envs(options.local_limits(|name| told.origin(name).is_some()));
    origin.envs(options.env.iter().map(|(name, value)| (name, value)));
    Ok(origin)
}
