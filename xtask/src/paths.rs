//! Where things lie in this repository.

use std::path::{Path, PathBuf};

/// The repository's root. Cargo rebuilds this crate when the checkout moves, so the path is never stale.
pub fn root() -> &'static Path {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().unwrap_or(crate_folder)
}

/// A path below the root.
pub fn in_root(relative: impl AsRef<Path>) -> PathBuf {
    root().join(relative)
}

/// Cargo's output folder; `CARGO_TARGET_DIR` moves it.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| in_root("target"), |folder| root().join(folder))
}

/// What set-up installs for this checkout alone, and the marks of what it has tried. Git ignores it.
pub fn tools() -> PathBuf {
    in_root(".tools")
}
