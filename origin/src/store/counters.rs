//! Numbers that are given out once.

use super::{Connection, Result};

/// The next number of `counter`, in the caller's transaction: undone with it, and never the same twice.
///
/// # Errors
/// [`super::StoreError`].
pub(super) async fn next(db: &mut Connection, counter: &str) -> Result<i64> {
    let next = sqlx::query_scalar("UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value");
    Ok(next.bind(counter).fetch_one(db).await?)
}
