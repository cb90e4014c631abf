//! The fall-back: Debian's `rustc-web` and a std for wasm32 built from its source, kept under `.tools/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::TARGET;
use crate::command::{cargo, command, is_installed, output, run_quietly};
use crate::stamp::Stamp;
use crate::step::step;
use crate::{apt, paths};

const RUSTC: &str = "/usr/bin/rustc";
const STD_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// Debian's compiler with our std.
#[derive(Debug, Clone)]
pub struct Debian {
    /// What `rustc --version` says; it moves with Debian's security updates.
    pub version: String,
    linker: PathBuf,
}

impl Debian {
    /// Whether everything is there and of one version.
    pub fn find() -> Option<Self> {
        let version = version().ok()?;
        std_stamp(&version).is_current().then_some(())?;
        Some(Self { version, linker: linker()? })
    }

    /// Installs the packages and builds std, whatever is missing.
    ///
    /// # Errors
    /// Off Debian or without root: says what to do.
    pub fn ensure() -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        apt::ensure(&[apt::RUSTC_WEB, apt::RUST_WEB_SRC]).context(
            "the Worker needs Rust's std for wasm32-unknown-unknown. With access to rustup's server, \
             `rustup target add wasm32-unknown-unknown` is all; without it, Debian's compiler serves",
        )?;
        if linker().is_none() {
            apt::ensure(&[apt::LLD])?;
        }
        let version = version()?;
        let stamp = std_stamp(&version);
        if !stamp.is_current() {
            step("std for wasm32", &format!("builds it once with {version}"), build_std)?;
            stamp.write()?;
        }
        Self::find().context("Debian's compiler is installed, but something of it is missing")
    }

    /// Points a cargo command at this compiler, our std and a linker that knows wasm; returns the flags it needs.
    pub fn configure(&self, cargo: &mut Command) -> Vec<String> {
        cargo.env("RUSTC", RUSTC);
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &self.linker);
        vec![format!("--sysroot={}", sysroot().display())]
    }
}

/// clippy-driver must be of the compiler's version, so cargo-clippy is Debian's too; cargo itself need not be.
pub(super) fn clippy() -> Command {
    let mut clippy = command("/usr/bin/cargo-clippy");
    clippy.env("CARGO", cargo().get_program()).arg("clippy");
    clippy
}

fn version() -> Result<String> {
    output(command(RUSTC).arg("--version"))
}

fn sysroot() -> PathBuf {
    paths::tools().join("wasm-std")
}

fn std_stamp(version: &str) -> Stamp {
    Stamp::new(sysroot().join("built-by")).text(version)
}

/// Debian's rustc brings no linker for wasm; rustup's toolchain does.
fn linker() -> Option<PathBuf> {
    let host = output(command("rustc").args(["--print", "host-tuple"])).ok()?;
    let sysroot = output(command("rustc").args(["--print", "sysroot"])).ok()?;
    let bundled = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
    if bundled.is_file() {
        return Some(bundled);
    }
    ["rust-lld", "wasm-ld"].into_iter().find(|name| is_installed(name)).map(PathBuf::from)
}

/// Builds std as a dependency of an empty crate and keeps its libraries as a sysroot of our own.
///
/// `embed-bitcode`: the Worker is built with LTO, and cargo builds std without it.
/// `RUSTC_BOOTSTRAP`: `-Z build-std` is a nightly option; the compiler and its std source are one release.
fn build_std() -> Result<()> {
    if !Path::new(STD_SOURCE).is_file() {
        bail!("{STD_SOURCE} is not there, though the package rust-web-src is");
    }
    let carrier = tempfile::tempdir()?;
    std::fs::create_dir(carrier.path().join("src"))?;
    std::fs::write(carrier.path().join("src/lib.rs"), "#![no_std]\n")?;
    std::fs::write(
        carrier.path().join("Cargo.toml"),
        "[package]\nname = \"carrier\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n",
    )?;
    let mut build = cargo();
    build
        .current_dir(carrier.path())
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", carrier.path().join("target"))
        .args(["build", "--release", "-Z", "build-std=std,panic_abort", "--target", TARGET]);
    run_quietly(&mut build)?;

    let libraries = sysroot().join("lib/rustlib").join(TARGET).join("lib");
    if libraries.exists() {
        std::fs::remove_dir_all(&libraries)?;
    }
    std::fs::create_dir_all(&libraries)?;
    for entry in std::fs::read_dir(carrier.path().join("target").join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rlib") && !name.starts_with("libcarrier") {
            std::fs::copy(&path, libraries.join(&name))?;
        }
    }
    Ok(())
}
