//! Starting the edge: miniflare, or wrangler dev.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Result, bail};

use super::{EdgeRuntime, Service, SystemOptions, Told, secrets};
use crate::command::command;
use crate::wrangler::{self, Wrangler, miniflare};
use crate::{npm, paths, worker::WorkerVariant};

pub(super) const MINIFLARE_STATE: &str = "edge";
pub(super) const WRANGLER_STATE: &str = "wrangler";

pub(super) fn spawn(
    options: &SystemOptions,
    told: &Told,
    ports: &[u16],
    origin_port: u16,
    detached: bool,
) -> Result<Service> {
    if !options.worker.script().is_file() {
        bail!("{} is not built", options.worker.script().display());
    }
    let wrangler = Wrangler::read()?;
    let variables = variables(options, told, &wrangler, origin_port);
    let mut edge = match options.edge {
        EdgeRuntime::Miniflare => with_miniflare(options, &wrangler, ports, &variables, detached)?,
        EdgeRuntime::WranglerDev => with_wrangler(options, ports, &variables)?,
    };
    edge.env("WRANGLER_SEND_METRICS", "false");
    Service::spawn("edge", edge, &options.log("edge"), detached)
}

/// What replaces [vars] in wrangler.toml, the strongest last.
fn variables(
    options: &SystemOptions,
    told: &Told,
    wrangler: &Wrangler,
    origin_port: u16,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    if options.edge == EdgeRuntime::Miniflare {
        // `wrangler dev` reads the file itself.
        variables.extend(told.dev_vars().clone());
    }
    if options.origin || !variables.contains_key("ORIGIN_URL") {
        variables.insert("ORIGIN_URL".to_owned(), format!("http://127.0.0.1:{origin_port}"));
    }
    let own = wrangler.development.variables();
    variables.extend(options.local_limits(|name| told.edge(name).is_some() || own.contains_key(name)));
    variables.extend(wrangler::overrides(&options.env, |name| told.in_environment(name).cloned()));
    variables
}

fn with_miniflare(
    options: &SystemOptions,
    wrangler: &Wrangler,
    ports: &[u16],
    variables: &BTreeMap<String, String>,
    detached: bool,
) -> Result<Command> {
    let state = options.edge_state();
    std::fs::create_dir_all(&state)?;
    let setting =
        miniflare::Setting { worker: &options.worker.folder(), state: &state, ports, overrides: variables };
    let file = options.data.join("miniflare.json");
    secrets::write(&file, &serde_json::to_vec_pretty(&miniflare::options(wrangler, &setting))?)?;
    let mut node = command("node");
    node.arg(paths::in_root("xtask/js/miniflare.mjs")).arg(file);
    if !detached {
        node.arg("--until-stdin-closes");
    }
    Ok(node)
}

fn with_wrangler(
    options: &SystemOptions,
    ports: &[u16],
    variables: &BTreeMap<String, String>,
) -> Result<Command> {
    let [port] = ports else { bail!("wrangler dev runs one isolate; {} need miniflare", ports.len()) };
    let mut wrangler = npm::tool("wrangler");
    wrangler.arg("dev");
    if options.worker == WorkerVariant::Faults {
        wrangler.arg(options.worker.script());
    }
    wrangler
        .args(["--ip", "127.0.0.1", "--port", &port.to_string(), "--inspector-port", "0"])
        .args(["--show-interactive-dev-session", "false"])
        .arg("--persist-to")
        .arg(options.edge_state());
    for (name, value) in variables {
        wrangler.args(["--var", &format!("{name}:{value}")]);
    }
    // A name of an environment in our own environment is meant for `build-edge`, not for development.
    wrangler.env_remove("CLOUDFLARE_ENV");
    // `.env` is the origin's; the Worker's own file is `.dev.vars`.
    wrangler.env("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false");
    Ok(wrangler)
}
