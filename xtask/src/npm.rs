//! The JavaScript tools, pinned in package-lock.json and kept in `node_modules/`.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command::{command, output, run_quietly};
use crate::stamp::Stamp;
use crate::step::{cached, step};
use crate::{lock, paths};

/// The oldest Node that the pinned wrangler runs on.
const NODE_MAJOR: u32 = 20;

/// Installs `node_modules/` when package-lock.json has changed since the last time.
///
/// # Errors
/// Without Node, with one that is too old, or when npm fails.
pub fn ensure() -> Result<()> {
    let _lock = lock::hold("npm")?;
    let stamp = stamp()?;
    if stamp.is_current() {
        cached("npm ci", "the JavaScript tools are as locked");
        return Ok(());
    }
    let node = node_version().context("Node.js is not there: install version 20 or newer")?;
    if node.0 < NODE_MAJOR {
        bail!("Node.js {} is too old: version {NODE_MAJOR} or newer is needed", node.1);
    }
    step("npm ci", "installs wrangler, workerd, esbuild, wasm-opt as locked", || {
        // No package here needs its install script; the fewer strangers' scripts run, the better.
        run_quietly(command("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
    })?;
    stamp.write()
}

/// Whether `node_modules/` is what package-lock.json says.
pub fn is_installed() -> bool {
    stamp().is_ok_and(|stamp| stamp.is_current())
}

/// A tool of `node_modules/.bin/`.
pub fn tool(name: &str) -> Command {
    command(paths::in_root("node_modules/.bin").join(name))
}

/// Node's major version and its full text.
pub fn node_version() -> Option<(u32, String)> {
    let text = output(command("node").arg("--version")).ok()?;
    Some((major(&text)?, text))
}

fn stamp() -> Result<Stamp> {
    Stamp::new(paths::in_root("node_modules/.valora-installed"))
        .text("--ignore-scripts")
        .content(paths::in_root("package-lock.json"))
}

fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_node_prints() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.1"), Some(8));
        assert_eq!(major("nonsense"), None);
    }

    #[test]
    fn the_lock_files_name_no_registry() {
        for file in ["package-lock.json", "tests/cache-tests/package-lock.json"] {
            let lock = std::fs::read_to_string(paths::in_root(file)).expect("it is committed");
            assert!(!lock.contains("\"resolved\""), "{file}: run npm with the committed .npmrc");
        }
    }
}
