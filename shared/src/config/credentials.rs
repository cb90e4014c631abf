//! What the edge verifies credentials with. It holds nothing that could make one of a token's kind.

use super::Setting;
use crate::{account::JwkSet, trust::SharedSecret};

crate::section! {
    /// Credentials at the edge.
    pub struct CredentialsConfig("Credentials at the edge") {
        /// The public keys of access tokens, as `valora-origin key public` prints them. Without them and without
        /// `ADMIN_TOKEN` the edge opens none of its own admin routes and leaves the others to the origin.
        pub jwt_public_keys: Option<JwkSet>, var "JWT_PUBLIC_KEYS";
        /// The same as at the origin; in development `dev` and `up` see to it, and `valora-origin key secret` prints it.
        /// Without it the edge recognises no API keys: their owners count by address.
        pub api_key_secret: Option<SharedSecret>, var "API_KEY_SECRET", secret;
    }
}

impl Setting for JwkSet {
    fn form() -> String {
        "a JWK Set of Ed25519 keys, as `valora-origin key public` prints it".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| format!("it must be {}", Self::form()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Jwk;

    #[test]
    fn a_set_is_read_whole_or_is_a_fault() {
        let set = JwkSet { keys: vec![Jwk::ed25519(&[7; 32])] };
        assert_eq!(JwkSet::parse(&serde_json::to_string(&set).unwrap()), Ok(set.clone()));
        assert_eq!(JwkSet::parse(r#"{"keys":[]}"#), Ok(JwkSet { keys: Vec::new() }));
        let other = serde_json::to_string(&set).unwrap().replace("EdDSA", "HS256");
        for bad in ["", "[]", "{}", "nonsense", &other] {
            assert!(JwkSet::parse(bad).unwrap_err().contains("key public"), "{bad}");
        }
    }
}
