//! The peer: its packages, installed beside the build and never in the repository, and one module made of them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use xtask::command::{command, run_quietly};
use xtask::{npm, paths};

use super::workers;

/// Exactly these. The second has no other dependencies than peers, and none of the third's does anything at run time.
pub(super) const PACKAGES: [(&str, &str); 3] =
    [("hono", "4.13.19"), ("hono-rate-limiter", "0.5.4"), ("@hono-rate-limiter/cloudflare", "0.2.2")];

/// Installs the packages and bundles the Worker; its module.
pub(super) fn bundle() -> Result<PathBuf> {
    let folder = paths::target().join("hono-peer");
    std::fs::create_dir_all(&folder)?;
    let dependencies: Map<String, Value> =
        PACKAGES.iter().map(|(name, version)| ((*name).to_owned(), json!(version))).collect();
    let package = json!({ "private": true, "dependencies": dependencies });
    std::fs::write(folder.join("package.json"), package.to_string())?;
    // What they ask for beside themselves are types.
    let mut install = command("npm");
    install.args([
        "install",
        "--ignore-scripts",
        "--legacy-peer-deps",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
    ]);
    run_quietly(install.current_dir(&folder)).context("the packages of the peer are not to be had")?;
    let module = folder.join("worker.mjs");
    let mut esbuild = npm::tool("esbuild");
    esbuild
        .arg("bench/hono/worker.mjs")
        .arg(format!("--outfile={}", module.display()))
        .args(["--bundle", "--format=esm", "--target=es2022", "--minify", "--log-level=warning"])
        .arg("--external:cloudflare:*")
        // Its source lies where no packages are.
        .env("NODE_PATH", folder.join("node_modules"));
    run_quietly(&mut esbuild)?;
    Ok(module)
}

/// The Worker, with or without its limiter.
pub(super) fn worker(name: &str, port: u16, module: &Path, origin: &str, is_limited: bool) -> Result<Value> {
    let folder = module.parent().context("the module lies in a folder")?;
    let mut worker = workers::module_worker(name, port, module, folder)?;
    worker["bindings"] = json!({ "ORIGIN_URL": origin });
    if is_limited {
        let object = json!({ "className": "DurableObjectRateLimiter", "useSQLite": true });
        worker["durableObjects"] = json!({ "LIMITER": object });
    }
    Ok(worker)
}
