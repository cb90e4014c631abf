//! Access tokens: `EdDSA`, pinned. A token must name a key of ours by `kid`; everything else about it is decided here
//! and in `valora_shared::account::Claims`, nothing by the token.

use super::{Secrets, crypto};
use crate::{config::AccountsConfig, error::AppError};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use std::{collections::HashSet, fmt};
use valora_shared::{
    account::{AUDIENCE, Claims, ISSUER, Jwk, JwkSet, RefusedClaims, Role, UserId},
    time::UnixMillis,
};

/// The key that signs, and those that verify.
pub struct TokenKeys {
    signing: EncodingKey,
    public: JwkSet,
    verifying: Vec<(String, DecodingKey)>,
    validation: Validation,
    lifetime_minutes: u64,
}

/// Why a token is not believed; for the log alone, and nothing of the token in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedToken {
    /// No token, another algorithm, or a header with demands.
    #[error("the token is malformed or of another algorithm")]
    Form,
    /// Signed by nobody we know.
    #[error("the token names no key of ours")]
    UnknownKey,
    /// The signature is wrong, or a claim is missing or of another kind.
    #[error("the token's signature or claims are wrong")]
    Invalid,
    /// See inside.
    #[error("the token's claims are not believed: {0}")]
    Claims(#[from] RefusedClaims),
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
        let verifying = keys.iter().zip(&publics);
        Self {
            signing: EncodingKey::from_ed_der(signing.as_bytes()),
            verifying: verifying.map(|(jwk, key)| (jwk.kid.clone(), DecodingKey::from_ed_der(key))).collect(),
            public: JwkSet { keys },
            validation: validation(),
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
        let header = decode_header(token).map_err(|_| RefusedToken::Form)?;
        // What `crit` names must be understood (RFC 7515 §4.1.11), and there is nothing of the kind here.
        if header.alg != Algorithm::EdDSA || header.crit.is_some() {
            return Err(RefusedToken::Form);
        }
        let kid = header.kid.ok_or(RefusedToken::UnknownKey)?;
        let (_, key) = self.verifying.iter().find(|(id, _)| *id == kid).ok_or(RefusedToken::UnknownKey)?;
        let token = decode::<Claims>(token, key, &self.validation).map_err(|_| RefusedToken::Invalid)?;
        token.claims.check(now)?;
        Ok(token.claims)
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims = HashSet::from(["iss", "aud", "exp", "sub"].map(str::to_owned));
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    // By Claims::check, with our clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

/// Public keys only.
impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys").field("public", &self.public).finish_non_exhaustive()
    }
}
