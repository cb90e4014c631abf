//! Nonces of signed changes, each good for once.

use super::Result;
use sqlx::SqliteConnection;
use valora_shared::{
    time::UnixMillis,
    trust::{MAX_CLOCK_SKEW_SECONDS, Nonce},
};

/// How long a nonce is remembered: as long as its signature could still be valid, by the most different clocks.
const LIFE_MS: i64 = 2 * MAX_CLOCK_SKEW_SECONDS * 1_000;

/// Uses a nonce up. Whether it was unused.
///
/// # Errors
/// [`super::StoreError`].
pub async fn spend(db: &mut SqliteConnection, nonce: &Nonce, now: UnixMillis) -> Result<bool> {
    sqlx::query("DELETE FROM nonces WHERE expires_at_ms < $1").bind(now.0).execute(&mut *db).await?;
    let spent =
        sqlx::query("INSERT INTO nonces (nonce, expires_at_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(nonce.as_str())
            .bind(now.0 + LIFE_MS)
            .execute(db)
            .await?;
    Ok(spent.rows_affected() == 1)
}
