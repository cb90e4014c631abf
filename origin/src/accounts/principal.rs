//! Whose credential it is.

use crate::{
    app::App,
    error::AppError,
    store::{
        api_keys::{self, StoredKey},
        users::{self, StoredUser},
    },
};
use http::{Extensions, HeaderMap, header};
use valora_shared::{
    account::{self, InvalidBearer, Role},
    rate::Payer,
    trust::{ApiKey, Client},
};

/// Who asks, by a credential that is valid now.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    /// Whoever has `ADMIN_TOKEN`.
    AdminToken,
    /// An account that is active.
    User(Box<StoredUser>),
    /// A key that is not revoked.
    Key(Box<StoredKey>),
}

impl Principal {
    /// What it is called in logs.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::AdminToken => "admin-token".to_owned(),
            Self::User(user) => user.id.to_string(),
            Self::Key(key) => format!("key:{}", key.id),
        }
    }

    /// Whether it may do everything.
    pub(crate) fn is_admin(&self) -> bool {
        self.role() == Some(Role::Admin)
    }

    /// What it makes its owner; keys have no role.
    pub(crate) fn role(&self) -> Option<Role> {
        match self {
            Self::AdminToken => Some(Role::Admin),
            Self::User(user) => Some(user.role),
            Self::Key(_) => None,
        }
    }

    /// Whom requests are counted for.
    pub(crate) fn client(&self) -> Client {
        match self {
            Self::AdminToken => Payer::admin_token(),
            // The bare number, as the edge calls it.
            Self::User(user) => Client::User(user.id.0.to_string()),
            Self::Key(key) => Client::Key(key.id.to_string()),
        }
    }
}

/// Whose credential a request carries. For all but `ADMIN_TOKEN` the database is asked, so that what was revoked or
/// deactivated a moment ago is refused now; when it does not answer, they are not believed. Whoever was found out once in
/// a request stands in its extensions, and the database is not asked again.
///
/// # Errors
/// 401 without a credential and for one that is not valid, 503 where the database does not answer.
pub(crate) async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Principal, AppError> {
    if let Some(known) = extensions.get::<Principal>() {
        return Ok(known.clone());
    }
    let credential = bearer(headers)?;
    if app.accounts.admin_token.as_ref().is_some_and(|token| token.matches(credential.as_bytes())) {
        return Ok(Principal::AdminToken);
    }
    if ApiKey::is_meant_by(credential) { key(app, credential).await } else { user(app, credential).await }
}

async fn user(app: &App, token: &str) -> Result<Principal, AppError> {
    let claims = app.accounts.tokens.verify(token, app.clock.now());
    let claims = claims.map_err(|refused| AppError::invalid_credential(refused.to_string()))?;
    let found = users::find(&mut *app.store.read().await?, claims.sub).await?;
    match found {
        None => Err(AppError::invalid_credential("the token's account does not exist")),
        Some(user) if !user.is_active => {
            Err(AppError::invalid_credential("the token's account is deactivated"))
        }
        Some(user) if claims.is_revoked_by(user.not_before) => {
            Err(AppError::invalid_credential("the token is revoked"))
        }
        // The role of now, not the token's.
        Some(user) => Ok(Principal::User(Box::new(user))),
    }
}

async fn key(app: &App, text: &str) -> Result<Principal, AppError> {
    let key = ApiKey::verify(text, &app.accounts.api_keys, app.clock.now());
    let key = key.map_err(|invalid| AppError::invalid_credential(format!("the API key is {invalid}")))?;
    match api_keys::find(&mut *app.store.read().await?, key.id).await? {
        None => Err(AppError::invalid_credential("the API key does not exist")),
        Some(key) if key.revoked_at.is_some() => Err(AppError::invalid_credential("the API key is revoked")),
        Some(key) => Ok(Principal::Key(Box::new(key))),
    }
}

/// The credential of `Authorization: Bearer` (RFC 6750 §2.1). It is read from nowhere else: not from the query, which
/// ends in logs, nor from a cookie, which other sites can make a browser send.
fn bearer(headers: &HeaderMap) -> Result<&str, AppError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    let value = first.ok_or_else(AppError::no_credential)?;
    let one = || AppError::invalid_credential(InvalidBearer::Form.to_string());
    let text = value.to_str().ok().filter(|_| second.is_none()).ok_or_else(one)?;
    account::bearer(text).map_err(|invalid| AppError::invalid_credential(invalid.to_string()))
}
