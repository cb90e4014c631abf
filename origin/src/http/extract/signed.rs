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

/// Whoever may tell prices: an admin those of every source, a key those of its own.
#[derive(Debug)]
pub(crate) struct Teller(Principal);

impl Teller {
    /// # Errors
    /// 403 for the source of somebody else.
    pub(crate) fn check(&self, source: &str) -> Result<(), AppError> {
        match &self.0 {
            Principal::Key(key) if key.source.as_deref() != Some(source) => {
                Err(AppError::forbidden("This key may tell the prices of its own source alone."))
            }
            _ => Ok(()),
        }
    }

    /// The admin, whose actions are audited; none for a key.
    pub(crate) fn admin_name(&self) -> Option<String> {
        self.0.is_admin().then(|| self.0.name())
    }
}

impl FromRequestParts<AppState> for Teller {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        let principal = authenticate(app, &parts.headers, &parts.extensions).await?;
        let has_source = matches!(&principal, Principal::Key(key) if key.source.is_some());
        if principal.is_admin() || has_source {
            Ok(Self(principal))
        } else {
            Err(AppError::forbidden("This needs the credential of an admin, or a key with a source."))
        }
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(authenticate(app, &parts.headers, &parts.extensions).await?))
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        // The pipeline has asked already, for every route that the table gives to admins.
        match parts.extensions.get::<Self>() {
            Some(admin) => Ok(admin.clone()),
            None => Self::of(&authenticate(app, &parts.headers, &parts.extensions).await?),
        }
    }
}
