//! Accounts.

use super::{Connection, Result, counters, events, products::parsed};
use sqlx::{Row, sqlite::SqliteRow};
use std::fmt;
use valora_shared::{
    account::{Email, Role, UserId, Username},
    events::{EventBody, Revocation, Subject},
    time::UnixMillis,
    wire::Account,
};

/// An account as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// Its number.
    pub id: UserId,
    /// Its name.
    pub username: String,
    /// Its mail address.
    pub email: String,
    /// Its password's hash, a PHC string.
    pub password_hash: String,
    /// What it is for.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
    /// Tokens made up to here are revoked.
    pub not_before: UnixMillis,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When anything of it changed last.
    pub updated_at: UnixMillis,
}

/// An account about to be made.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// Its name.
    pub username: &'a Username,
    /// Its mail address.
    pub email: &'a Email,
    /// Its password's hash, a PHC string.
    pub password_hash: &'a str,
    /// What it is for.
    pub role: Role,
}

/// What of a new account somebody else has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The name.
    Username,
    /// The mail address.
    Email,
}

macro_rules! columns {
    () => {
        "id, username, email, password_hash, role, is_active, not_before_ms, created_at_ms, updated_at_ms"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM users ", $rest)
    };
}

impl StoredUser {
    /// As the API shows it.
    pub fn to_wire(&self) -> Account {
        Account {
            id: self.id.0,
            username: self.username.clone(),
            email: self.email.clone(),
            role: self.role,
            is_active: self.is_active,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The account with this number.
///
/// # Errors
/// [`super::StoreError`].
pub async fn find(db: &mut Connection, id: UserId) -> Result<Option<StoredUser>> {
    let row = sqlx::query(select!("WHERE id = $1")).bind(id.0).fetch_optional(db).await?;
    row.as_ref().map(from_row).transpose()
}

/// The account of this name, whatever the case.
///
/// # Errors
/// [`super::StoreError`].
pub async fn find_by_username(db: &mut Connection, username: &str) -> Result<Option<StoredUser>> {
    let query = sqlx::query(select!("WHERE username_key = $1")).bind(username.to_ascii_lowercase());
    query.fetch_optional(db).await?.as_ref().map(from_row).transpose()
}

/// Who has this name or mail address already.
///
/// # Errors
/// [`super::StoreError`].
pub async fn taken(db: &mut Connection, username: &Username, email: &Email) -> Result<Option<Taken>> {
    if find_by_username(db, username.as_str()).await?.is_some() {
        return Ok(Some(Taken::Username));
    }
    let query = sqlx::query("SELECT 1 FROM users WHERE email_key = $1").bind(email.key());
    Ok(query.fetch_optional(db).await?.map(|_| Taken::Email))
}

/// Makes an account, in a transaction that writes. `Err` inside where somebody has its name or mail address.
///
/// # Errors
/// [`super::StoreError`].
pub async fn insert(
    db: &mut Connection,
    user: &NewUser<'_>,
    now: UnixMillis,
) -> Result<std::result::Result<StoredUser, Taken>> {
    if let Some(taken) = taken(db, user.username, user.email).await? {
        return Ok(Err(taken));
    }
    let id = counters::next(db, "users").await?;
    let row = sqlx::query(concat!(
        "INSERT INTO users (id, username, username_key, email, email_key, password_hash, role, is_active, \
         not_before_ms, created_at_ms, updated_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ",
        columns!()
    ))
    .bind(id)
    .bind(user.username.as_str())
    .bind(user.username.key())
    .bind(user.email.as_str())
    .bind(user.email.key())
    .bind(user.password_hash)
    .bind(user.role.as_str())
    .bind(true)
    .bind(0_i64)
    .bind(now.0)
    .bind(now.0)
    .fetch_one(db)
    .await?;
    from_row(&row).map(Ok)
}

/// Lets an account in or locks it out, and says how it is now. Locking out revokes every token made so far, so that
/// letting it in again does not bring them back.
///
/// # Errors
/// [`super::StoreError`].
pub async fn set_active(
    db: &mut Connection,
    id: UserId,
    is_active: bool,
    now: UnixMillis,
) -> Result<Option<StoredUser>> {
    let row = sqlx::query(concat!(
        "UPDATE users SET is_active = $2, updated_at_ms = $3, \
         not_before_ms = CASE WHEN $2 THEN not_before_ms ELSE $3 END WHERE id = $1 RETURNING ",
        columns!()
    ))
    .bind(id.0)
    .bind(is_active)
    .bind(now.0)
    .fetch_optional(&mut *db)
    .await?;
    if row.is_some() && !is_active {
        let revocation = Revocation { subject: Subject::User(id), not_before_ms: now.0 };
        events::announce(db, &[EventBody::Revoke(revocation)], now).await?;
    }
    row.as_ref().map(from_row).transpose()
}

/// Accounts behind number `after`, at most `limit`, in the order they were made.
///
/// # Errors
/// [`super::StoreError`].
pub async fn page(db: &mut Connection, after: i64, limit: usize) -> Result<Vec<StoredUser>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sqlx::query(select!("WHERE id > $1 ORDER BY id LIMIT $2")).bind(after).bind(limit);
    rows.fetch_all(db).await?.iter().map(from_row).collect()
}

fn from_row(row: &SqliteRow) -> Result<StoredUser> {
    let role: &str = row.try_get("role")?;
    let role = parsed(Role::parse(role).ok_or_else(|| std::io::Error::other("a user has an unknown role")))?;
    Ok(StoredUser {
        id: UserId(row.try_get("id")?),
        username: row.try_get("username")?,
        email: row.try_get("email")?,
        password_hash: row.try_get("password_hash")?,
        role,
        is_active: row.try_get("is_active")?,
        not_before: UnixMillis(row.try_get("not_before_ms")?),
        created_at: UnixMillis(row.try_get("created_at_ms")?),
        updated_at: UnixMillis(row.try_get("updated_at_ms")?),
    })
}

/// Without mail address and hash: what is debugged ends in logs.
impl fmt::Debug for StoredUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredUser").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}
