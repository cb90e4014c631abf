//! Access tokens: `EdDSA`, pinned. A token must name a key of ours by `kid`; everything else about it is decided here
//! and in `valora_shared::account`, nothing by the token.

use super::{Secrets, crypto};
use crate::{config::AccountsConfig, error::AppError};
use ed25519_dalek::{Signature, VerifyingKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use std::fmt;
use valora_shared::{
    account::{Claims, Jwk, JwkSet, RefusedToken, Role, UserId, read_token},
    time::UnixMillis,
};

/// The key that signs, and those that verify.
pub struct TokenKeys {
    signing: EncodingKey,
    public: JwkSet,
    verifying: Vec<(String, VerifyingKey)>,
    lifetime_minutes: u64,
}

impl TokenKeys {
    /// From the secrets and what the settings say.
    pub fn new(secrets: &Secrets, config: &AccountsConfig) -> Self {
        crypto::install();
        let signing = secrets.jwt.expose();
        let own = *signing.verifying_key().as_bytes();
        let previous = config.jwt_previous_public_key.iter().map(|key| *key.as_bytes());
        let publics: Vec<[u8; 32]> = std::iter::once(own).chain(previous.filter(|key| *key != own)).collect();
        let keys: Vec<Jwk> = publics.iter().map(Jwk::ed25519).collect();
        // Both were read as keys already: none is left out.
        let verifying = keys.iter().zip(&publics);
        let verifying = verifying
            .filter_map(|(jwk, key)| VerifyingKey::from_bytes(key).ok().map(|key| (jwk.kid.clone(), key)));
        let verifying = verifying.collect();
        Self {
            signing: EncodingKey::from_ed_der(signing.as_bytes()),
            verifying,
            public: JwkSet { keys },
            lifetime_minutes: config.jwt_expire_minutes.get(),
        }
    }

    /// The public keys, newest first.
    pub fn public(&self) -> &JwkSet {
        &self.public
    }

    /// A token for a user, made at `now`.
    ///
    /// # Errors
    /// When signing fails, which only a fault of ours can make it do.
    pub(crate) fn issue(&self, user: UserId, role: Role, now: UnixMillis) -> Result<String, AppError> {
        let kid = self.public.keys.first().map(|key| key.kid.clone());
        let header = Header { kid, ..Header::new(Algorithm::EdDSA) };
        let claims = Claims::new(user, role, now, self.lifetime_minutes);
        encode(&header, &claims, &self.signing)
            .map_err(|error| AppError::internal(format!("cannot sign a token: {:?}", error.kind())))
    }

    /// The claims of a token that is ours and valid at `now`. Whether it was revoked, the database knows.
    ///
    /// # Errors
    /// [`RefusedToken`].
    pub fn verify(&self, token: &str, now: UnixMillis) -> Result<Claims, RefusedToken> {
        let key = |kid: &str| self.verifying.iter().find(|(id, _)| id == kid).map(|(_, key)| key);
        let is_signed = |key: &VerifyingKey, signed: &[u8], signature: &[u8; 64]| {
            key.verify_strict(signed, &Signature::from_bytes(signature)).is_ok()
        };
        read_token(token, now, key, is_signed)
    }
}

/// Public keys only.
impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys").field("public", &self.public).finish_non_exhaustive()
    }
}
