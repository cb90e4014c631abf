//! Where secrets come from: in production from the settings alone. In development, what is not set is derived from a
//! random text in a file beside the database, readable by its owner only. It is no key itself: copied into the
//! settings of a production system it is refused, because it says what it is.

use crate::{
    clock::random_bytes,
    config::{DatabaseUrl, JwtPrivateKey, OriginConfig},
};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::{
    ffi::OsString,
    fs, io,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use valora_shared::{
    config::{Environment, Setting},
    trust::SharedSecret,
};

/// What the origin signs and verifies with.
#[derive(Debug)]
pub struct Secrets {
    /// Signs access tokens.
    pub(crate) jwt: JwtPrivateKey,
    /// Makes and verifies API keys.
    pub(crate) api_keys: SharedSecret,
}

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Settings that were not checked.
    #[error("JWT_PRIVATE_KEY and API_KEY_SECRET must be set when ENVIRONMENT is production")]
    Missing,
    /// The file cannot be read or made.
    #[error("cannot use {path}, which holds the development secrets: {cause}")]
    File {
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

impl Secrets {
    /// From the settings, with development's for those not set.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub fn of(config: &OriginConfig) -> Result<Self, SecretsError> {
        let accounts = &config.accounts;
        if let (Some(jwt), Some(api_keys)) = (&accounts.jwt_private_key, &accounts.api_key_secret) {
            return Ok(Self { jwt: jwt.clone(), api_keys: api_keys.clone() });
        }
        if config.site.environment == Environment::Production {
            return Err(SecretsError::Missing);
        }
        let text = development_secret(&config.database.url)?;
        let api_keys = SharedSecret::parse(&api_keys_of(&text));
        Ok(Self {
            jwt: accounts
                .jwt_private_key
                .clone()
                .unwrap_or_else(|| JwtPrivateKey::from_seed(&derived("jwt", &text))),
            api_keys: match accounts.api_key_secret.clone() {
                Some(secret) => secret,
                None => api_keys.map_err(|_| SecretsError::Missing)?,
            },
        })
    }

    /// Development's secret of API keys as a setting; `None` where there is one in the settings.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub(crate) fn development_api_keys(config: &OriginConfig) -> Result<Option<String>, SecretsError> {
        if config.accounts.api_key_secret.is_some() {
            return Ok(None);
        }
        if config.site.environment == Environment::Production {
            return Err(SecretsError::Missing);
        }
        Ok(Some(api_keys_of(&development_secret(&config.database.url)?)))
    }
}

fn derived(purpose: &str, text: &str) -> [u8; 32] {
    Sha256::digest(format!("{purpose}\n{text}")).into()
}

fn api_keys_of(text: &str) -> String {
    HEXLOWER.encode(&derived("api keys", text))
}

/// The text in the file, made if there is none; for a database in memory one that ends with the process.
fn development_secret(database: &DatabaseUrl) -> Result<String, SecretsError> {
    match database {
        DatabaseUrl::Memory => {
            new_text().map_err(|cause| SecretsError::File { path: PathBuf::from(":memory:"), cause })
        }
        DatabaseUrl::File(database) => {
            let mut name = OsString::from(database);
            name.push(".development-secret");
            let path = PathBuf::from(name);
            read_or_make(&path).map_err(|cause| SecretsError::File { path, cause })
        }
    }
}

fn new_text() -> io::Result<String> {
    let random: [u8; 32] = random_bytes()?;
    Ok(format!("development-only-{}", HEXLOWER.encode(&random)))
}

fn read_or_make(path: &Path) -> io::Result<String> {
    if !path.try_exists()? {
        make(path)?;
    }
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other("others may read it; chmod 600 mends that"));
    }
    let text = fs::read_to_string(path)?;
    if text.trim().is_empty() {
        return Err(io::Error::other("it is empty; without it a new one is made"));
    }
    Ok(text.trim().to_owned())
}

/// Whole or not at all, and the first of two processes wins: a server and a command may start at once.
fn make(path: &Path) -> io::Result<()> {
    let text = new_text()?;
    let mut temporary = OsString::from(path);
    temporary.push(format!(".{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::trust::is_guessable;

    fn file(directory: &tempfile::TempDir) -> PathBuf {
        directory.path().join("v.db.development-secret")
    }

    #[test]
    fn the_secret_is_made_once_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::File(directory.path().join("v.db"));
        let first = development_secret(&url).unwrap();
        assert_eq!(development_secret(&url).unwrap(), first);
        assert_eq!(fs::metadata(file(&directory)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
        assert!(is_guessable(&first), "production must refuse it");
        assert_ne!(development_secret(&DatabaseUrl::Memory).unwrap(), first);
    }

    #[test]
    fn an_edge_is_given_the_secret_that_keys_are_made_under_unless_one_is_set() {
        let directory = tempfile::tempdir().unwrap();
        let mut variables = std::collections::HashMap::from([(
            "DATABASE_URL".to_owned(),
            format!("sqlite:///{}", directory.path().join("v.db").display()),
        )]);
        let config = OriginConfig::read(&variables).unwrap();
        let told = Secrets::development_api_keys(&config).unwrap().unwrap();
        assert!(Secrets::of(&config).unwrap().api_keys.matches(told.as_bytes()));
        variables.insert("API_KEY_SECRET".to_owned(), told);
        let config = OriginConfig::read(&variables).unwrap();
        assert_eq!(Secrets::development_api_keys(&config).unwrap(), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::File(directory.path().join("v.db"));
        development_secret(&url).unwrap();
        fs::set_permissions(file(&directory), fs::Permissions::from_mode(0o644)).unwrap();
        let error = development_secret(&url).unwrap_err().to_string();
        assert!(error.contains("v.db.development-secret") && error.contains("chmod 600"), "{error}");
    }
}
