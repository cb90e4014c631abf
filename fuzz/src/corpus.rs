//! Seeds and findings, as files.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder of this package. Cargo compiles it anew when the checkout moves.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The seeds of a target, in the order of their names.
///
/// # Errors
/// Without a folder of that name.
pub fn seeds(target: &str) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = home().join("corpus").join(target);
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort_unstable();
    files.into_iter().map(|file| Ok((file.clone(), std::fs::read(&file)?))).collect()
}

/// The file for an input that breaks a target; git ignores its folder.
///
/// # Errors
/// When the folder cannot be made.
pub fn finding(target: &str, name: &str) -> Result<PathBuf> {
    let folder = home().join("findings").join(target);
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(name))
}
