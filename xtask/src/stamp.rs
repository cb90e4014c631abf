//! Marks of work done: a file that holds the hash of everything the work depends on.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The hash of a step's inputs, to be compared with the one of the last time.
pub struct Stamp {
    file: PathBuf,
    hash: Sha256,
}

impl Stamp {
    /// A stamp kept in `file`.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), hash: Sha256::new() }
    }

    /// Adds a text: an option, a version.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.hash.update((text.len() as u64).to_le_bytes());
        self.hash.update(text);
        self
    }

    /// Adds a file's content.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn content(mut self, file: impl AsRef<Path>) -> Result<Self> {
        let file = file.as_ref();
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
        Ok(self)
    }

    /// Whether the last [`Stamp::write`] saw the same inputs.
    pub fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|old| old == self.value())
    }

    /// Marks the work as done.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&self.file, self.value())
            .with_context(|| format!("cannot write {}", self.file.display()))
    }

    fn value(&self) -> String {
        HEXLOWER.encode(&self.hash.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_only_for_the_inputs_it_was_written_for() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (file, input) = (folder.path().join("stamp"), folder.path().join("input"));
        std::fs::write(&input, "one").expect("writable");
        let stamp = |text| Stamp::new(&file).text(text).content(&input).expect("readable");
        assert!(!stamp("v1").is_current(), "nothing was written yet");
        stamp("v1").write().expect("writable");
        assert!(stamp("v1").is_current());
        assert!(!stamp("v2").is_current(), "another option");
        std::fs::write(&input, "two").expect("writable");
        assert!(!stamp("v1").is_current(), "another content");
    }

    #[test]
    fn texts_do_not_run_into_each_other() {
        assert_ne!(
            Stamp::new("x").text("ab").text("c").value(),
            Stamp::new("x").text("a").text("bc").value()
        );
    }
}
