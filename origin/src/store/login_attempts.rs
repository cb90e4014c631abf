//! Logins that failed or are being checked, for as long as they count. In the database, so that replicas count
//! together.

use super::{Connection, Result};
use valora_shared::time::UnixMillis;

/// How many attempts of a subject count at most, and whose they are.
#[derive(Debug, Clone, Copy)]
pub struct Limit<'a> {
    /// A pseudonym of an account or an address.
    pub subject: &'a str,
    /// How many may fail.
    pub most: i64,
}

/// How long until another attempt fits into every limit; `None` when one does now.
///
/// # Errors
/// [`super::StoreError`].
pub async fn wait_ms(
    db: &mut Connection,
    limits: &[Limit<'_>],
    window_ms: i64,
    now: UnixMillis,
) -> Result<Option<i64>> {
    let mut longest = None;
    for limit in limits {
        // The attempt that has to be forgotten before the next one fits: with a limit of 5 the fifth newest.
        let deciding: Option<i64> = sqlx::query_scalar(
            "SELECT at_ms FROM login_attempts WHERE subject = $1 AND at_ms > $2 ORDER BY at_ms DESC \
             LIMIT 1 OFFSET $3",
        )
        .bind(limit.subject)
        .bind(now.0.saturating_sub(window_ms))
        .bind(limit.most - 1)
        .fetch_optional(&mut *db)
        .await?;
        let wait = deciding.map(|at_ms| at_ms.saturating_add(window_ms).saturating_sub(now.0));
        longest = longest.max(wait);
    }
    Ok(longest)
}

/// Notes an attempt under each subject, and forgets those that no longer count.
///
/// # Errors
/// [`super::StoreError`].
pub async fn note(
    db: &mut Connection,
    attempt: &str,
    limits: &[Limit<'_>],
    window_ms: i64,
    now: UnixMillis,
) -> Result<()> {
    let ended = now.0.saturating_sub(window_ms);
    sqlx::query("DELETE FROM login_attempts WHERE at_ms <= $1").bind(ended).execute(&mut *db).await?;
    for limit in limits {
        sqlx::query("INSERT INTO login_attempts (attempt, subject, at_ms) VALUES ($1, $2, $3)")
            .bind(attempt)
            .bind(limit.subject)
            .bind(now.0)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Forgets an attempt: it did not fail.
///
/// # Errors
/// [`super::StoreError`].
pub async fn forget(db: &mut Connection, attempt: &str) -> Result<()> {
    sqlx::query("DELETE FROM login_attempts WHERE attempt = $1").bind(attempt).execute(db).await?;
    Ok(())
}
