//! Where the suite comes from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::command::{command, output, run_quietly};
use crate::stamp::Stamp;
use crate::step::{cached, step};
use crate::{lock, npm, paths};

/// What both layouts of the suite are made of; the rest (its web pages) is not needed.
const PARTS: [&str; 3] = ["package.json", "test-engine", "tests"];

/// A copy of http-tests/cache-tests that can be run.
#[derive(Debug)]
pub struct Suite {
    /// Where it lies.
    pub folder: PathBuf,
    /// Which block of the document is its.
    pub(super) name: &'static str,
    /// Version or commit.
    pub(super) version: String,
    /// How to run it again.
    pub(super) command: &'static str,
}

impl Suite {
    /// The pinned npm package.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn pinned() -> Result<Self> {
        let folder = home().join("node_modules/http-cache-tests");
        let version = format!("npm package http-cache-tests {}", version_of(&folder)?);
        Ok(Self { folder, name: "npm", version, command: "cargo xtask bench cache-tests" })
    }

    /// A checkout of the repository. A copy is run, beside the packages it needs, so that the checkout itself is neither
    /// changed nor must have anything installed.
    ///
    /// # Errors
    /// When it is none.
    pub fn checkout(from: &Path) -> Result<Self> {
        let from = from.canonicalize()?;
        let commit = output(command("git").arg("-C").arg(&from).args(["rev-parse", "--short=7", "HEAD"]))
            .unwrap_or_else(|_| "of an unknown commit".to_owned());
        let folder = home().join("checkout");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        for part in PARTS {
            if !from.join(part).exists() {
                bail!("it has no {part}");
            }
            run_quietly(command("cp").arg("-R").arg(from.join(part)).arg(&folder))?;
        }
        let version = format!("checkout {commit} (version {})", version_of(&folder)?);
        Ok(Self { folder, name: "checkout", version, command: "cargo xtask bench cache-tests --suite DIR" })
    }

    /// Whether it is the package, not a checkout.
    pub(super) fn is_pinned(&self) -> bool {
        self.name == "npm"
    }

    /// Its command-line client.
    pub(super) fn client(&self) -> PathBuf {
        let later = self.folder.join("test-engine/cli.mjs");
        if later.is_file() { later } else { self.folder.join("cli.mjs") }
    }
}

/// A folder of its own: the package wants an npm of the year 2021, which nobody should find in a search path (the lock
/// file puts something harmless in its place; the suite never runs it).
fn home() -> PathBuf {
    paths::tools().join("cache-tests")
}

pub(super) fn ensure() -> Result<()> {
    let _lock = lock::hold("cache-tests")?;
    let locked = paths::in_root("tests/cache-tests");
    let stamp = Stamp::new(home().join("installed")).content(locked.join("package-lock.json"))?;
    if stamp.is_current() {
        cached("npm ci", "the test suite for HTTP caches is as locked");
        return Ok(());
    }
    npm::node_version().context("Node.js is not there: install version 20 or newer")?;
    step("npm ci", "installs the test suite for HTTP caches as locked", || {
        std::fs::create_dir_all(home())?;
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(locked.join(file), home().join(file))?;
        }
        let mut npm = command("npm");
        run_quietly(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(home()))
    })?;
    stamp.write()
}

fn version_of(package: &Path) -> Result<String> {
    let file = package.join("package.json");
    let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let package: serde_json::Value = serde_json::from_slice(&text)?;
    Ok(package["version"].as_str().unwrap_or("?").to_owned())
}
