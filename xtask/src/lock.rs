//! One at a time: two commands may need the same set-up at once (`dev` builds the Worker, and so does the
//! `wrangler dev` that it starts).

use std::fs::File;

use anyhow::{Context as _, Result};

use crate::paths;

/// Held until dropped; the kernel frees it when the process dies.
#[must_use = "the lock is free again when this is dropped"]
pub struct Lock {
    _file: File,
}

/// Waits for the lock of this name.
///
/// # Errors
/// When the lock file cannot be made.
pub fn hold(name: &str) -> Result<Lock> {
    let folder = paths::target();
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("xtask-{}.lock", name.replace(' ', "-")));
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(Lock { _file: file })
}
