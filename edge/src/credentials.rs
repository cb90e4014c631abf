//! Whose credential a request carries, as far as can be told without asking anybody. Whether it was revoked, the Hub
//! knows (admins) or the last beat (everybody else).

use ed25519_dalek::{Signature, VerifyingKey};
use std::fmt;
use valora_shared::{
    account::{Claims, Role, UserId, bearer, read_token},
    config::EdgeConfig,
    events::Subject,
    time::UnixMillis,
    trust::{ApiKey, SharedSecret},
};

/// What a request presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// Nothing.
    Nothing,
    /// Something that is not believed; the reason is for the log alone.
    Invalid(String),
    /// `ADMIN_TOKEN`.
    AdminToken,
    /// A token that is valid unless revoked.
    Token(Claims),
    /// An API key that is valid unless revoked.
    Key(ApiKey),
}

/// What credentials are verified with. It shows itself to nobody.
pub struct Verifier {
    admin_token: Option<SharedSecret>,
    api_keys: Option<SharedSecret>,
    tokens: Vec<(String, VerifyingKey)>,
}

impl Presented {
    /// What the audit calls it.
    pub fn name(&self) -> String {
        match self {
            Self::Nothing | Self::Invalid(_) => "nobody".to_owned(),
            Self::AdminToken => "admin-token".to_owned(),
            Self::Token(claims) => claims.sub.to_string(),
            Self::Key(key) => format!("key:{}", key.id),
        }
    }

    /// Whether it opens admin routes. A token says what its owner was when it was made: at the origin, which knows
    /// what they are now, that must still be so.
    pub fn is_admin(&self) -> bool {
        match self {
            Self::AdminToken => true,
            Self::Token(claims) => claims.role == Role::Admin,
            Self::Nothing | Self::Invalid(_) | Self::Key(_) => false,
        }
    }

    /// What a revocation of it would name.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Nothing | Self::Invalid(_) | Self::AdminToken => None,
            Self::Token(Claims { sub: UserId(id), .. }) => Some(Subject::User(UserId(*id))),
            Self::Key(key) => Some(Subject::Key(key.id)),
        }
    }

    /// Whether a revocation of everything of its subject's made up to `not_before` covers it. A key is revoked whole.
    pub fn is_revoked_by(&self, not_before: UnixMillis) -> bool {
        match self {
            Self::Token(claims) => claims.is_revoked_by(not_before),
            Self::Key(_) => true,
            Self::Nothing | Self::Invalid(_) | Self::AdminToken => false,
        }
    }
}

impl Verifier {
    /// From the settings.
    pub fn new(config: &EdgeConfig) -> Self {
        let set = config.credentials.jwt_public_keys.iter().flat_map(|set| &set.keys);
        // The settings have refused a set with a key that is none.
        let tokens =
            set.filter_map(|jwk| Some((jwk.kid.clone(), VerifyingKey::from_bytes(&jwk.public_key()?).ok()?)));
        Self {
            admin_token: config.admin.admin_token.clone(),
            api_keys: config.credentials.api_key_secret.clone(),
            tokens: tokens.collect(),
        }
    }

    /// Whether an admin could be recognised at all.
    pub fn knows_admins(&self) -> bool {
        self.admin_token.is_some() || !self.tokens.is_empty()
    }

    /// Reads the value of Authorization.
    pub fn recognise(&self, authorization: Option<&str>, now: UnixMillis) -> Presented {
        let Some(value) = authorization else { return Presented::Nothing };
        let credential = match bearer(value) {
            Ok(credential) => credential,
            Err(invalid) => return Presented::Invalid(invalid.to_string()),
        };
        if self.admin_token.as_ref().is_some_and(|token| token.matches(credential.as_bytes())) {
            return Presented::AdminToken;
        }
        if ApiKey::is_meant_by(credential) {
            let Some(secret) = &self.api_keys else {
                return Presented::Invalid("API keys are not known here".to_owned());
            };
            return ApiKey::verify(credential, secret, now).map_or_else(
                |invalid| Presented::Invalid(format!("the API key is {invalid}")),
                Presented::Key,
            );
        }
        self.token(credential, now)
    }

    fn token(&self, token: &str, now: UnixMillis) -> Presented {
        let key = |kid: &str| self.tokens.iter().find(|(id, _)| id == kid).map(|(_, key)| key);
        let is_signed = |key: &VerifyingKey, signed: &[u8], signature: &[u8; 64]| {
            key.verify_strict(signed, &Signature::from_bytes(signature)).is_ok()
        };
        read_token(token, now, key, is_signed)
            .map_or_else(|refused| Presented::Invalid(refused.to_string()), Presented::Token)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("tokens", &self.tokens.len()).finish_non_exhaustive()
    }
}
