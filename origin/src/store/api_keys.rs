//! API keys: what their MAC does not tell.

use super::{Connection, Result, counters, events};
use sqlx::{Row, sqlite::SqliteRow};
use valora_shared::{
    events::{EventBody, Revocation, Subject},
    time::UnixMillis,
};

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its number.
    pub id: i64,
    /// The source it may tell observations for.
    pub source: Option<String>,
    /// What it allows, words separated by spaces.
    pub scopes: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
}

/// The scope of a key with a source.
pub const OBSERVATIONS: &str = "observations";

/// Makes a key, in a transaction that writes.
///
/// # Errors
/// [`super::StoreError`].
pub async fn insert(
    db: &mut Connection,
    source: Option<&str>,
    expires_at: UnixMillis,
    now: UnixMillis,
) -> Result<i64> {
    let id = counters::next(db, "api_keys").await?;
    sqlx::query(
        "INSERT INTO api_keys (id, source, scopes, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id)
    .bind(source)
    .bind(if source.is_some() { OBSERVATIONS } else { "" })
    .bind(now.0)
    .bind(expires_at.0)
    .execute(db)
    .await?;
    Ok(id)
}

/// The key with this number.
///
/// # Errors
/// [`super::StoreError`].
pub async fn find(db: &mut Connection, id: i64) -> Result<Option<StoredKey>> {
    let query = sqlx::query(
        "SELECT id, source, scopes, created_at_ms, expires_at_ms, revoked_at_ms FROM api_keys WHERE id = $1",
    );
    query.bind(id).fetch_optional(db).await?.as_ref().map(from_row).transpose()
}

/// All keys, in the order they were made.
///
/// # Errors
/// [`super::StoreError`].
pub async fn all(db: &mut Connection) -> Result<Vec<StoredKey>> {
    let query = sqlx::query(
        "SELECT id, source, scopes, created_at_ms, expires_at_ms, revoked_at_ms FROM api_keys ORDER BY id",
    );
    query.fetch_all(db).await?.iter().map(from_row).collect()
}

/// Revokes a key; whether there was one that was not revoked yet.
///
/// # Errors
/// [`super::StoreError`].
pub async fn revoke(db: &mut Connection, id: i64, now: UnixMillis) -> Result<bool> {
    let query = sqlx::query("UPDATE api_keys SET revoked_at_ms = $2 WHERE id = $1 AND revoked_at_ms IS NULL");
    let is_revoked = query.bind(id).bind(now.0).execute(&mut *db).await?.rows_affected() > 0;
    if is_revoked {
        let revocation = Revocation { subject: Subject::Key(id), not_before_ms: now.0 };
        events::announce(db, &[EventBody::Revoke(revocation)], now).await?;
    }
    Ok(is_revoked)
}

fn from_row(row: &SqliteRow) -> Result<StoredKey> {
    Ok(StoredKey {
        id: row.try_get("id")?,
        source: row.try_get("source")?,
        scopes: row.try_get("scopes")?,
        created_at: UnixMillis(row.try_get("created_at_ms")?),
        expires_at: UnixMillis(row.try_get("expires_at_ms")?),
        revoked_at: row.try_get::<Option<i64>, _>("revoked_at_ms")?.map(UnixMillis),
    })
}
