//! Starting the origin.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::{Service, SystemOptions};
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

pub(super) fn spawn(options: &SystemOptions, port: u16, edge_port: u16, detached: bool) -> Result<Service> {
    let mut origin = program(options)?;
    origin.arg("serve");
    origin.env("BIND_ADDRESS", format!("127.0.0.1:{port}"));
    if !options.knows("EDGE_URL") {
        origin.env("EDGE_URL", format!("http://127.0.0.1:{edge_port}"));
    }
    Service::spawn("origin", origin, &options.log("origin"), detached)
}

/// The public keys of its tokens, for the edge. `None` where its settings are faulty: it says so itself when it starts.
pub(super) fn public_keys(options: &SystemOptions) -> Result<Option<String>> {
    let output = program(options)?.args(["key", "public"]).output().context("cannot start the origin")?;
    let keys = String::from_utf8(output.stdout)?;
    Ok(output.status.success().then(|| keys.trim().to_owned()))
}

/// The program with its environment.
fn program(options: &SystemOptions) -> Result<Command> {
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
        if !options.inherit || std::env::var_os(name).is_none() {
            origin.env(name, value);
        }
    }
    origin.envs(options.env.iter().map(|(name, value)| (name, value)));
    Ok(origin)
}
