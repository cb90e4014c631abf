//! When each product is due, and which replica is at it. A claim is one statement, so that two replicas never get
//! the same product; a claim that is over is anybody's, so that none stays with a replica that died.

use super::{Connection, Result, products::parsed};
use sqlx::{QueryBuilder, Row, Sqlite};
use std::time::Duration;
use valora_shared::{id::ProductId, time::UnixMillis};

/// A product somebody claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The product.
    pub product_id: ProductId,
    /// Rounds in a row in which all its sources failed.
    pub failures: i64,
}

/// What comes after a round for one product.
#[derive(Debug, Clone)]
pub struct Done<'a> {
    /// The product.
    pub product_id: &'a ProductId,
    /// When it is due again.
    pub due_at: UnixMillis,
    /// Rounds in a row in which all its sources failed.
    pub failures: i64,
    /// Whether sources were asked in this one.
    pub asked_at: Option<UnixMillis>,
}

/// How products stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Active products without a row here.
    pub new: i64,
    /// Due, and free or with a claim that is over.
    pub due: i64,
    /// Claimed by somebody now.
    pub claimed: i64,
    /// Failing, and therefore asked less often.
    pub failing: i64,
    /// When the next one is due.
    pub next_due_at: Option<UnixMillis>,
}

/// Four values a row; `SQLite` takes 32,766 in a statement.
const ROWS_PER_STATEMENT: usize = 4_000;

/// Looks without writing, which would make every kept answer old (docs/adr/0003).
///
/// # Errors
/// [`super::StoreError`].
pub async fn standing(db: &mut Connection, now: UnixMillis) -> Result<Standing> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM products p WHERE p.is_active AND NOT EXISTS \
         (SELECT 1 FROM polls q WHERE q.product_id = p.product_id)) AS fresh, \
         COUNT(CASE WHEN q.due_at_ms <= $1 AND q.claimed_until_ms <= $1 THEN 1 END) AS due, \
         COUNT(CASE WHEN q.claimed_until_ms > $1 THEN 1 END) AS claimed, \
         COUNT(CASE WHEN q.failures > 0 THEN 1 END) AS failing, MIN(q.due_at_ms) AS next_due_at_ms FROM polls q",
    )
    .bind(now.0)
    .fetch_one(db)
    .await?;
    Ok(Standing {
        new: row.try_get("fresh")?,
        due: row.try_get("due")?,
        claimed: row.try_get("claimed")?,
        failing: row.try_get("failing")?,
        next_due_at: row.try_get::<Option<i64>, _>("next_due_at_ms")?.map(UnixMillis),
    })
}

/// Whether there is anything to write: active products without a row, or products to claim.
///
/// # Errors
/// [`super::StoreError`].
pub async fn is_any_due(db: &mut Connection, now: UnixMillis) -> Result<bool> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM polls WHERE due_at_ms <= $1 AND claimed_until_ms <= $1) OR \
         EXISTS (SELECT 1 FROM products p WHERE p.is_active AND NOT EXISTS \
         (SELECT 1 FROM polls q WHERE q.product_id = p.product_id)) AS found",
    )
    .bind(now.0)
    .fetch_one(db)
    .await?;
    Ok(row.try_get("found")?)
}

/// Gives active products that have none a row, due at `due_at`.
///
/// # Errors
/// [`super::StoreError`].
pub async fn enlist(db: &mut Connection, due_at: UnixMillis) -> Result<u64> {
    let done = sqlx::query(
        "INSERT INTO polls (product_id, due_at_ms, claimed_until_ms, claimed_by, asked_at_ms, failures) \
         SELECT p.product_id, $1, 0, '', 0, 0 FROM products p WHERE p.is_active AND NOT EXISTS \
         (SELECT 1 FROM polls q WHERE q.product_id = p.product_id)",
    )
    .bind(due_at.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Claims up to `limit` products that are due and free, those that wait longest first.
///
/// # Errors
/// [`super::StoreError`].
pub async fn claim(
    db: &mut Connection,
    who: &str,
    now: UnixMillis,
    until: UnixMillis,
    limit: usize,
) -> Result<Vec<Claimed>> {
    let rows = sqlx::query(
        "UPDATE polls SET claimed_until_ms = $1, claimed_by = $2 WHERE product_id IN \
         (SELECT product_id FROM polls WHERE due_at_ms <= $3 AND claimed_until_ms <= $3 \
         ORDER BY due_at_ms, product_id LIMIT $4) RETURNING product_id, failures",
    )
    .bind(until.0)
    .bind(who)
    .bind(now.0)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(db)
    .await?;
    let mut claimed = Vec::new();
    for row in rows {
        claimed.push(Claimed {
            product_id: parsed(ProductId::parse(row.try_get("product_id")?))?,
            failures: row.try_get("failures")?,
        });
    }
    Ok(claimed)
}

/// Those of `ids` that `who` still has.
///
/// # Errors
/// [`super::StoreError`].
pub async fn still_claimed(
    db: &mut Connection,
    who: &str,
    now: UnixMillis,
    ids: &[ProductId],
) -> Result<Vec<ProductId>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT product_id FROM polls WHERE claimed_by = ");
    query.push_bind(who).push(" AND claimed_until_ms > ").push_bind(now.0).push(" AND product_id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    list.push_unseparated(")");
    let mut found = Vec::new();
    for row in query.build().fetch_all(db).await? {
        found.push(parsed(ProductId::parse(row.try_get("product_id")?))?);
    }
    Ok(found)
}

/// Ends the claims of products that were done.
///
/// # Errors
/// [`super::StoreError`].
pub async fn finish(db: &mut Connection, done: &[Done<'_>]) -> Result<()> {
    for rows in done.chunks(ROWS_PER_STATEMENT) {
        let mut query =
            QueryBuilder::<Sqlite>::new("WITH done (product_id, due_at_ms, failures, asked_at_ms) AS (");
        query.push_values(rows, |mut row, done| {
            row.push_bind(done.product_id.as_str())
                .push_bind(done.due_at.0)
                .push_bind(done.failures)
                .push_bind(done.asked_at.map_or(0, |at| at.0));
        });
        query.push(
            ") UPDATE polls SET due_at_ms = done.due_at_ms, failures = done.failures, claimed_until_ms = 0, \
             claimed_by = '', asked_at_ms = CASE WHEN done.asked_at_ms > polls.asked_at_ms THEN done.asked_at_ms \
             ELSE polls.asked_at_ms END FROM done WHERE polls.product_id = done.product_id",
        );
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Gives back everything `who` has: it stops, and others need not wait until its claims are over.
///
/// # Errors
/// [`super::StoreError`].
pub async fn release(db: &mut Connection, who: &str) -> Result<u64> {
    let done = sqlx::query("UPDATE polls SET claimed_until_ms = 0, claimed_by = '' WHERE claimed_by = $1")
        .bind(who)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

/// Whether the caller is the one to ask the product's sources now: nobody did within `pause`.
///
/// # Errors
/// [`super::StoreError`].
pub async fn claim_asking(
    db: &mut Connection,
    id: &ProductId,
    now: UnixMillis,
    pause: Duration,
) -> Result<bool> {
    let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    let won = sqlx::query(
        "INSERT INTO polls (product_id, due_at_ms, claimed_until_ms, claimed_by, asked_at_ms, failures) \
         VALUES ($1, $2, 0, '', $2, 0) ON CONFLICT (product_id) DO UPDATE SET asked_at_ms = excluded.asked_at_ms \
         WHERE polls.asked_at_ms <= $3 RETURNING product_id",
    )
    .bind(id.as_str())
    .bind(now.0)
    .bind(now.0.saturating_sub(pause_ms))
    .fetch_optional(db)
    .await?;
    Ok(won.is_some())
}

/// When the product's sources were asked last.
///
/// # Errors
/// [`super::StoreError`].
pub async fn asked_at(db: &mut Connection, id: &ProductId) -> Result<Option<UnixMillis>> {
    let at: Option<i64> = sqlx::query_scalar("SELECT asked_at_ms FROM polls WHERE product_id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    Ok(at.map(UnixMillis))
}
