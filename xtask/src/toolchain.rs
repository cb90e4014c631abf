//! Which compiler makes the Worker's wasm.
//!
//! Three ways, the first that works: the toolchain in use already has std for wasm32; rustup can add it;
//! Debian's own newest rustc with a std that we build once from its source. The last one serves machines
//! that can reach package mirrors but not rustup's server; docs/adr/0002 tells the story.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::command::{cargo, command, is_installed, output, run_within};
use crate::stamp::Stamp;
use crate::step::{cached, step};
use crate::{lock, paths};

mod debian;

pub use debian::Debian;

/// The Worker's target.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// How long rustup may try to fetch the target. It has 10 MB to load; where its server cannot be reached it
/// would hang for ever.
const RUSTUP_LIMIT: Duration = Duration::from_secs(30);

/// A compiler that can build for [`TARGET`].
#[derive(Debug, Clone)]
pub enum Toolchain {
    /// The `rustc` in use.
    Own,
    /// Debian's, beside it.
    Debian(Debian),
}

impl Toolchain {
    /// What is there already; installs nothing.
    pub fn find() -> Option<Self> {
        if debian_is_wanted() {
            return Debian::find().map(Self::Debian);
        }
        if own_has_target() { Some(Self::Own) } else { Debian::find().map(Self::Debian) }
    }

    /// What is there, or what can be installed.
    ///
    /// # Errors
    /// When neither way works; the message says what a person can do.
    pub fn ensure() -> Result<Self> {
        let _lock = lock::hold("toolchain")?;
        if let Some(found) = Self::find() {
            cached("wasm target", &found.describe());
            return Ok(found);
        }
        if !debian_is_wanted() && rustup_adds_target()? {
            return Ok(Self::Own);
        }
        Debian::ensure().map(Self::Debian)
    }

    /// Makes a cargo command compile for [`TARGET`] with this toolchain.
    pub fn configure(&self, cargo: &mut Command) {
        cargo.args(["--target", TARGET]);
        // The macros read it while they expand; it must be the same in every wasm build, or futures of two
        // kinds meet. worker-build sets it too.
        cargo.env("WASM_BINDGEN_USE_JS_SYS", "1");
        // SHA-2 with its rounds rolled up, as the Worker hashes little and counts its bytes. The
        // encoded form takes paths with blanks and wins over RUSTFLAGS, so those are carried over. Flags hold for the
        // target only, not for build scripts.
        let mut flags = vec!["--cfg".to_owned(), "sha2_backend_soft=\"compact\"".to_owned()];
        let given = std::env::var("RUSTFLAGS");
        flags.extend(given.iter().flat_map(|all| all.split_whitespace()).map(str::to_owned));
        if let Self::Debian(debian) = self {
            flags.extend(debian.configure(cargo));
        }
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    }

    /// clippy of this toolchain, for [`TARGET`].
    pub fn clippy(&self) -> Command {
        match self {
            Self::Own => {
                let mut clippy = cargo();
                clippy.arg("clippy");
                clippy
            }
            Self::Debian(_) => debian::clippy(),
        }
    }

    /// For stamps and for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Own => output(command("rustc").arg("--version")).unwrap_or_default(),
            Self::Debian(debian) => debian.version.clone(),
        }
    }
}

/// `VALORA_WASM_TOOLCHAIN=debian` takes the fall-back even where it is not needed, to try it out.
fn debian_is_wanted() -> bool {
    std::env::var_os("VALORA_WASM_TOOLCHAIN").is_some_and(|wanted| wanted == "debian")
}

fn own_has_target() -> bool {
    output(command("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        .is_ok_and(|folder| PathBuf::from(folder).is_dir())
}

/// Tries once per compiler version: where the server cannot be reached, 30 s at every start would be too dear.
fn rustup_adds_target() -> Result<bool> {
    if !is_installed("rustup") {
        return Ok(false);
    }
    let version = output(command("rustc").arg("--version"))?;
    let failed = Stamp::new(paths::tools().join("rustup-cannot-add-the-target")).text(&version);
    if failed.is_current() {
        return Ok(false);
    }
    let added = step("wasm target", "asks rustup for std for wasm32, 30 s at most", || {
        run_within(command("rustup").args(["target", "add", TARGET]), RUSTUP_LIMIT)
    })?;
    if added && own_has_target() {
        return Ok(true);
    }
    eprintln!("rustup could not add it (remembered in .tools/: delete that folder to ask again)");
    failed.write()?;
    Ok(false)
}
