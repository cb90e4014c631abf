//! Keys of tokens and API keys.

use data_encoding::BASE64_NOPAD;
use ed25519_dalek::{SigningKey, VerifyingKey, pkcs8::DecodePrivateKey};
use std::fmt;
use valora_shared::{
    config::{Bounded, Reader, Setting, production},
    trust::SharedSecret,
};

valora_shared::section! {
    /// Access tokens and API keys.
    pub struct AccountsConfig("Accounts") {
        /// The Ed25519 key that signs access tokens. Required in production; in development a secret is made in a file
        /// beside the database. `openssl genpkey -algorithm ed25519` makes one.
        pub jwt_private_key: Option<JwtPrivateKey>, var "JWT_PRIVATE_KEY", secret;
        /// The key before it, still accepted until its last tokens end: its `x` as `valora-origin key public` printed
        /// it.
        pub jwt_previous_public_key: Option<JwtPublicKey>, var "JWT_PREVIOUS_PUBLIC_KEY";
        /// Minutes after which an access token ends.
        pub jwt_expire_minutes: Bounded<1, 1_440>, var "JWT_EXPIRE_MINUTES" = "60";
        /// API keys are made and verified under this. Required in production; changing it ends every API key.
        pub api_key_secret: Option<SharedSecret>, var "API_KEY_SECRET", secret;
    }
}

/// The key that signs access tokens. Its bytes are shown nowhere and wiped at the end.
#[derive(Clone)]
pub struct JwtPrivateKey(SigningKey);

/// A key that only verifies.
#[derive(Debug, Clone)]
pub struct JwtPublicKey(VerifyingKey);

impl AccountsConfig {
    /// Rules between the variables: production takes no secret that is missing or that somebody typed.
    pub fn check(reader: &mut Reader<'_>) {
        production::required("JWT_PRIVATE_KEY", reader);
        production::required("API_KEY_SECRET", reader);
        production::random("API_KEY_SECRET", reader);
        production::random("ADMIN_TOKEN", reader);
    }
}

impl JwtPrivateKey {
    /// From the 32 bytes that an Ed25519 key is made of.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key, for signing and nothing else.
    pub(crate) fn expose(&self) -> &SigningKey {
        &self.0
    }
}

impl JwtPublicKey {
    /// Its bytes.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for JwtPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtPrivateKey(…)")
    }
}

impl Setting for JwtPrivateKey {
    fn form() -> String {
        "an Ed25519 private key: 32 bytes in base64, or PKCS#8 as PEM or in base64".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fault = || format!("it must be {}", Self::form());
        let body = text.replace("-----BEGIN PRIVATE KEY-----", "").replace("-----END PRIVATE KEY-----", "");
        let bytes = base64(&body).ok_or_else(fault)?;
        let key = match <[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(seed) => SigningKey::from_bytes(&seed),
            Err(_) => SigningKey::from_pkcs8_der(&bytes).map_err(|_| fault())?,
        };
        let mut distinct = key.as_bytes().to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < 8 {
            return Err("it is not random; `openssl genpkey -algorithm ed25519` makes one that is".to_owned());
        }
        Ok(Self(key))
    }
}

impl Setting for JwtPublicKey {
    fn form() -> String {
        "an Ed25519 public key: 32 bytes in base64".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let bytes = base64(text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok()).filter(|key| !key.is_weak());
        key.map(Self).ok_or_else(|| format!("it must be {}", Self::form()))
    }
}

/// Either alphabet, with or without padding and line ends: keys come from many tools.
fn base64(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    BASE64_NOPAD.decode(plain.trim_end_matches('=').as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410 §10.3, the first example.
    const PKCS8: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    const SEED: &str = "1O5y2_kTWErVttjx92n4rTr-fCjL8dT74Jeoj0R1WEI";

    #[test]
    fn a_private_key_is_taken_in_the_forms_tools_write() {
        let public = |text: &str| JwtPrivateKey::parse(text).unwrap().expose().verifying_key();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{PKCS8}\n-----END PRIVATE KEY-----\n");
        for text in [PKCS8, &pem, SEED, &format!("{SEED}=")] {
            assert_eq!(public(text), public(SEED), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_the_form_and_not_repeated() {
        let zeros = "A".repeat(43);
        for bad in ["hunter2", "", "AAAA", &zeros, "MC4CAQAwBQYDK2VwBCIEIA"] {
            let fault = JwtPrivateKey::parse(bad).unwrap_err();
            assert!(bad.is_empty() || !fault.contains(bad), "{fault}");
        }
        assert!(JwtPublicKey::parse("AAAA").is_err());
        assert!(JwtPublicKey::parse(&zeros).is_err(), "a key of small order verifies what nobody signed");
        assert!(JwtPublicKey::parse("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").is_ok());
    }

    #[test]
    fn a_private_key_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", JwtPrivateKey::parse(SEED).unwrap()), "JwtPrivateKey(…)");
    }
}
