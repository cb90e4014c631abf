//! Who asks, and whether they may: passwords, access tokens, API keys, the admin token.
//!
//! The rules are `valora_shared`'s `account` and `trust`; the rows are [`crate::store`]'s. Every credential is checked
//! against the database in the request that brings it, so that a deactivation acts at once.

pub(crate) mod audit;
mod client;
mod crypto;
pub(crate) mod login;
mod passwords;
mod principal;
mod secrets;
mod tokens;

pub(crate) use client::{ClientIdentity, peer};
pub(crate) use passwords::{Overloaded, Passwords};
pub(crate) use principal::{Principal, authenticate};
pub use secrets::{Secrets, SecretsError};
pub use tokens::TokenKeys;

use crate::config::OriginConfig;
use valora_shared::{
    account::JwkSet,
    trust::{SharedSecret, pseudonym},
};

/// Everything that credentials are checked with.
#[derive(Debug)]
pub struct Accounts {
    pub(crate) tokens: TokenKeys,
    pub(crate) passwords: Passwords,
    api_keys: SharedSecret,
    clients: SharedSecret,
    admin_token: Option<SharedSecret>,
}

impl Accounts {
    /// From the settings, and in development from what was made beside the database.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub(crate) fn open(config: &OriginConfig) -> Result<Self, SecretsError> {
        let secrets = Secrets::of(config)?;
        Ok(Self {
            tokens: TokenKeys::new(&secrets, &config.accounts),
            passwords: Passwords::default(),
            api_keys: secrets.api_keys,
            clients: config.rate.client_secret(),
            admin_token: config.admin.admin_token.clone(),
        })
    }

    /// The public keys that access tokens are verified with, newest first.
    pub fn public_keys(&self) -> &JwkSet {
        self.tokens.public()
    }

    /// What `text` is counted and logged as; of a client, what the limiters and the edge call it, too.
    pub(crate) fn pseudonym(&self, text: &str) -> String {
        pseudonym(&self.clients, text)
    }
}
