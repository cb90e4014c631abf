//! `/api/auth/*` and `GET /api/admin/users`.

use crate::{account::Role, time::UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// `POST /api/auth/register`. Fields are read one by one, so that all faults are told at once.
#[derive(Deserialize)]
pub struct RegisterRequest {
    /// The name to have.
    pub username: Option<Box<RawValue>>,
    /// The mail address.
    pub email: Option<Box<RawValue>>,
    /// The password.
    pub password: Option<Box<RawValue>>,
}

/// `POST /api/auth/login`.
#[derive(Deserialize)]
pub struct LoginRequest {
    /// The account's name.
    pub username: Option<Box<RawValue>>,
    /// The password.
    pub password: Option<Box<RawValue>>,
}

/// An account, as its owner and admins see it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub username: String,
    /// Its mail address.
    pub email: String,
    /// What it is for.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When anything of it changed last.
    pub updated_at: UnixMillis,
}

/// `GET /api/auth/me`.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub username: String,
    /// Its mail address.
    pub email: String,
    /// What it is for.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
}

/// What both register and login answer.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthAnswer {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// `bearer`.
    pub token_type: &'static str,
    /// Whose it is.
    pub user: Account,
}

/// A page of accounts.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountsList {
    /// In the order they were made.
    pub users: Vec<Account>,
    /// Hand this back as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl From<Account> for Me {
    fn from(account: Account) -> Self {
        let Account { id, username, email, role, is_active, .. } = account;
        Self { id, username, email, role, is_active }
    }
}

/// Without the mail address: what is debugged ends in logs.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}
