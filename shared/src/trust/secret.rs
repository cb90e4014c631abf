//! Keys that both sides share.

use crate::config::Setting;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// A shared secret of at least 32 bytes. It shows itself to nobody: no `Display`, no `Serialize`, a redacted
/// `Debug`, and comparisons in constant time.
#[derive(Clone)]
pub struct SharedSecret(Box<[u8]>);

/// The key that signs, and during a rotation the one before it, which still verifies.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// Signs and verifies.
    pub current: SharedSecret,
    /// Verifies only.
    pub previous: Option<SharedSecret>,
}

impl SharedSecret {
    /// Shorter ones can be guessed.
    pub const MIN_BYTES: usize = 32;

    /// From raw bytes, which tests of published examples have.
    #[cfg(test)]
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// One that everybody knows, for development: what it names is told to nobody who cares.
    pub(crate) fn known() -> Self {
        Self((*b"VALORA in development: no secret").into())
    }

    /// The bytes, for a MAC and nothing else.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// First 8 hex digits of its SHA-256: names the key without telling it.
    pub fn key_id(&self) -> String {
        let mut id = hex::encode(Sha256::digest(&self.0));
        id.truncate(8);
        id
    }

    /// Whether `text` is this secret. Hashes are compared, so that not even the length can be measured.
    pub fn matches(&self, text: &[u8]) -> bool {
        Sha256::digest(&self.0).as_slice().ct_eq(Sha256::digest(text).as_slice()).into()
    }
}

impl KeyRing {
    /// The key with this id.
    pub(super) fn by_id(&self, key_id: &str) -> Option<&SharedSecret> {
        std::iter::once(&self.current).chain(&self.previous).find(|key| key.key_id() == key_id)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for SharedSecret {}

impl Setting for SharedSecret {
    fn form() -> String {
        format!("a secret of at least {} bytes", Self::MIN_BYTES)
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() < Self::MIN_BYTES {
            return Err(format!("it must be {}", Self::form()));
        }
        Ok(Self(text.as_bytes().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SharedSecret {
        SharedSecret::parse(text).unwrap()
    }

    #[test]
    fn a_secret_shows_itself_nowhere() {
        let text = "correct horse battery staple 0123456789";
        assert_eq!(format!("{:?}", secret(text)), "SharedSecret(…)");
        let short = SharedSecret::parse("hunter2").unwrap_err();
        assert!(!short.contains("hunter2") && short.contains("32"));
        assert!(!text.contains(&secret(text).key_id()));
    }

    #[test]
    fn a_secret_knows_itself_and_nothing_else() {
        let text = "correct horse battery staple 0123456789";
        assert!(secret(text).matches(text.as_bytes()));
        assert!(!secret(text).matches(b""));
        assert!(!secret(text).matches(&text.as_bytes()[1..]));
        assert_eq!(secret(text).key_id().len(), 8);
    }
}
