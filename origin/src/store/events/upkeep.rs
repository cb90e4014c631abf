//! Looking at the outbox and cleaning it.

use super::super::{Connection, Result};
use sqlx::Row;
use valora_shared::time::UnixMillis;

/// An event as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// `pending` or `refused`.
    pub state: String,
    /// The product of a price.
    pub product_id: Option<String>,
    /// When it was written.
    pub created_at: UnixMillis,
    /// Times it was sent.
    pub attempts: i64,
    /// Why it was refused.
    pub error: Option<String>,
}

/// The oldest `limit` in `state`.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn list(db: &mut Connection, state: &str, limit: u32) -> Result<Vec<Listed>> {
    let rows = sqlx::query(
        "SELECT id, kind, state, product_id, created_at_ms, attempts, error FROM events WHERE state = $1 \
         ORDER BY id LIMIT $2",
    );
    let mut listed = Vec::new();
    for row in rows.bind(state).bind(i64::from(limit)).fetch_all(db).await? {
        listed.push(Listed {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            state: row.try_get("state")?,
            product_id: row.try_get("product_id")?,
            created_at: UnixMillis(row.try_get("created_at_ms")?),
            attempts: row.try_get("attempts")?,
            error: row.try_get("error")?,
        });
    }
    Ok(listed)
}

/// Makes refused events pending again, one or all; how many.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn retry(db: &mut Connection, id: Option<&str>) -> Result<u64> {
    let query = sqlx::query(
        "UPDATE events SET state = 'pending', error = NULL WHERE state = 'refused' AND (id = $1 OR $1 IS NULL)",
    );
    Ok(query.bind(id).execute(db).await?.rows_affected())
}

/// Deletes one event, whatever its state; how many.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn drop_one(db: &mut Connection, id: &str) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM events WHERE id = $1").bind(id).execute(db).await?.rows_affected())
}

/// Deletes all that were refused; how many.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn drop_all_refused(db: &mut Connection) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM events WHERE state = 'refused'").execute(db).await?.rows_affected())
}

/// Deletes up to `limit` events written before `before`; how many.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn prune(db: &mut Connection, before: UnixMillis, limit: u32) -> Result<u64> {
    let query = sqlx::query(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE created_at_ms < $1 ORDER BY id LIMIT $2)",
    );
    Ok(query.bind(before.0).bind(i64::from(limit)).execute(db).await?.rows_affected())
}
