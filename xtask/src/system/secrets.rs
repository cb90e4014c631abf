//! Secrets of a local system: made once per data folder, so that edge and origin recognise each other
//! and both an admin.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Variables that get a random value where nobody sets them.
const NAMES: [&str; 3] = ["EDGE_ORIGIN_SECRET", "ADMIN_TOKEN", "CLIENT_HASH_SECRET"];
const FILE: &str = "development-secrets";

/// The secrets of the system in `data`, as variables.
///
/// # Errors
/// When the file cannot be read or written.
pub(super) fn of(data: &Path) -> Result<Vec<(String, String)>> {
    let path = data.join(FILE);
    let mut known = parse(&fs::read_to_string(&path).unwrap_or_default());
    for name in NAMES {
        if !known.iter().any(|(other, _)| other == name) {
            known.push((name.to_owned(), random()?));
        }
    }
    let lines: Vec<String> = known.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    write(&path, lines.concat().as_bytes())?;
    Ok(known)
}

/// Writes a file that holds secrets: nobody else reads it.
pub(super) fn write(path: &Path, text: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file.write_all(text)?)
}

fn parse(text: &str) -> Vec<(String, String)> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// 32 random bytes in hex.
fn random() -> Result<String> {
    let mut bytes = [0_u8; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_secrets() {
        let data = tempfile::tempdir().unwrap();
        let first = of(data.path()).unwrap();
        assert_eq!(of(data.path()).unwrap(), first);
        assert!(first.iter().all(|(_, value)| value.len() == 64));
        let other = tempfile::tempdir().unwrap();
        assert_ne!(of(other.path()).unwrap(), first);
    }
}
