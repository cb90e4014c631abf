//! The browser that the browser tier drives.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::apt;

/// Names under which Chromium or its relatives are installed, Debian's first.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where a browser is.
pub fn path() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| Path::is_file(path))
}

/// A browser, installed if there is none.
///
/// # Errors
/// Off Debian or without root.
pub fn ensure() -> Result<PathBuf> {
    if let Some(found) = path() {
        return Ok(found);
    }
    apt::ensure(&[apt::CHROMIUM])?;
    path().context("chromium is installed, but its program is not in the search path")
}
