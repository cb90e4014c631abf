//! The process environment, with an `.env` file below it.

use std::{collections::HashMap, path::Path};
use valora_shared::config::Source;

/// Variables of the process; where one is not set there, the `.env` file's.
#[derive(Debug, Default)]
pub struct ProcessEnvironment {
    file: HashMap<String, String>,
}

/// The `.env` file is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(".env: {reason}")]
pub struct DotenvError {
    reason: String,
}

impl ProcessEnvironment {
    /// With the `.env` file of `directory`, if there is one.
    ///
    /// # Errors
    /// [`DotenvError`]: a line that is no `NAME=value`, or a file that may not be read.
    pub fn with_dotenv(directory: &Path) -> Result<Self, DotenvError> {
        let path = directory.join(".env");
        if !path.exists() {
            return Ok(Self::default());
        }
        let read = || dotenvy::from_path_iter(&path)?.collect::<Result<HashMap<_, _>, _>>();
        match read() {
            Ok(file) => Ok(Self { file }),
            // The faulty line may hold a secret: only where it stands is told.
            Err(dotenvy::Error::LineParse(_, column)) => {
                Err(DotenvError { reason: format!("a line is no NAME=value (at character {column})") })
            }
            Err(error) => Err(DotenvError { reason: error.to_string() }),
        }
    }
}

impl Source for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        let own = std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        own.filter(|value| !value.trim().is_empty()).or_else(|| self.file.get(name).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_the_process_wins() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), "# a comment\nVALORA_TEST_X='a b'\nPATH=none\n")
            .unwrap();
        let source = ProcessEnvironment::with_dotenv(directory.path()).unwrap();
        assert_eq!(source.get("VALORA_TEST_X").as_deref(), Some("a b"));
        assert_ne!(source.get("PATH").as_deref(), Some("none"));
        assert_eq!(source.get("VALORA_TEST_Y"), None);
    }

    #[test]
    fn a_broken_line_is_a_fault_that_does_not_show_it() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), "JWT SECRET hunter2\n").unwrap();
        let error = ProcessEnvironment::with_dotenv(directory.path()).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(ProcessEnvironment::with_dotenv(Path::new("/nowhere")).is_ok());
    }
}
