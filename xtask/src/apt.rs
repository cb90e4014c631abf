//! Debian packages: what each is for, and installing the missing ones.

use anyhow::{Result, bail};

use crate::command::{command, is_installed, output, run_quietly};
use crate::step::step;

/// A package and why it is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    /// Name in Debian's archive.
    pub name: &'static str,
    /// What for, in a few words.
    pub why: &'static str,
}

/// Debian's newest rustc, which has the std source that builds for wasm32.
pub const RUSTC_WEB: Package = Package { name: "rustc-web", why: "compiles the Worker" };
/// The std source of [`RUSTC_WEB`].
pub const RUST_WEB_SRC: Package = Package { name: "rust-web-src", why: "std for wasm32 is built from it" };
/// clippy of the same version: lints the Worker on its own target.
pub const RUST_WEB_CLIPPY: Package = Package { name: "rust-web-clippy", why: "lints the Worker on wasm32" };
/// The linker, where rustup's own is not there.
pub const LLD: Package = Package { name: "lld", why: "links the Worker" };
/// A real browser for the browser tier.
pub const CHROMIUM: Package = Package { name: "chromium", why: "browser tests" };
/// Load for the benches.
pub const WRK: Package = Package { name: "wrk", why: "load for the benches" };

/// What makes Python environments.
pub const PYTHON3_VENV: Package = Package { name: "python3-venv", why: "installs schemathesis" };

/// What the origin can share its answers through; tests start it themselves.
pub const REDIS_SERVER: Package = Package { name: "redis-server", why: "tests of the origin's cache" };

/// Every package that some command can ask for.
pub const ALL: [Package; 8] =
    [RUSTC_WEB, RUST_WEB_SRC, RUST_WEB_CLIPPY, LLD, CHROMIUM, WRK, PYTHON3_VENV, REDIS_SERVER];

/// Whether dpkg has the package installed.
pub fn has(package: Package) -> bool {
    output(command("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package.name]))
        .is_ok_and(|status| status == "installed")
}

/// Installs what is missing of `packages`.
///
/// # Errors
/// Without apt or without the right to use it, with the command that a person can run instead.
pub fn ensure(packages: &[Package]) -> Result<()> {
    let missing: Vec<Package> = packages.iter().copied().filter(|package| !has(*package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let reasons: Vec<String> =
        missing.iter().map(|package| format!("{} ({})", package.name, package.why)).collect();
    if !is_installed("apt-get") || !rustix::process::geteuid().is_root() {
        bail!(
            "missing: {}. Only root on Debian or Ubuntu gets it automatically; here, install it and run this \
             again, e.g.: sudo apt-get install -y --no-install-recommends {}",
            reasons.join(", "),
            names.join(" ")
        );
    }
    step(&format!("apt {}", names.join(" ")), &format!("installs {}", reasons.join(", ")), || {
        // The package lists of a fresh machine are empty or old: refresh them only when they do not serve.
        if install(&names).is_err() {
            run_quietly(apt_get().args(["update"]))?;
            install(&names)?;
        }
        Ok(())
    })
}

fn install(names: &[&str]) -> Result<()> {
    run_quietly(apt_get().args(["install", "-y", "--no-install-recommends"]).args(names))
}

fn apt_get() -> std::process::Command {
    let mut command = command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
