//! Who asks, for handlers that need to know.

use crate::{
    accounts::{Principal, authenticate},
    app::AppState,
    error::AppError,
};
use axum::extract::FromRequestParts;
use http::request::Parts;

/// Anybody with a valid credential; without one the answer is 401.
#[derive(Debug)]
pub(crate) struct Signed(pub(crate) Principal);

/// Proof that an admin asks. Only [`Admin::of`] makes one, so a handler that takes it cannot be reached by anybody
/// else, whatever the router says.
#[derive(Debug, Clone)]
pub(crate) struct Admin(String);

impl Admin {
    /// # Errors
    /// 403 for everybody else.
    pub(crate) fn of(principal: &Principal) -> Result<Self, AppError> {
        if principal.is_admin() {
            Ok(Self(principal.name()))
        } else {
            Err(AppError::forbidden("This needs the credential of an admin."))
        }
    }

    /// What the audit calls the one who asks.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(authenticate(app, &parts.headers).await?))
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        // The pipeline has asked already, for every route that the table gives to admins.
        match parts.extensions.get::<Self>() {
            Some(admin) => Ok(admin.clone()),
            None => Self::of(&authenticate(app, &parts.headers).await?),
        }
    }
}
