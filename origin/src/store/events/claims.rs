//! Which replica sends which events. A claim that is over is anybody's, so none stays with a replica that died.

use super::super::{Connection, Result, products::parsed};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use valora_shared::{
    events::{EventId, MAX_PRICES},
    time::UnixMillis,
};

/// An event somebody claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: EventId,
    /// Its kind.
    pub kind: String,
    /// The kind's fields as JSON.
    pub body: String,
}

/// The oldest events that are free and of no product that somebody has an event of; of each of these products as many
/// as are among them, those of the lowest seq. (So a product with many changes does not keep others waiting.)
///
/// A product is its claimant's as a whole while one event of it is claimed. In `SQLite` the write lock makes this
/// statement and the claim one; `PostgreSQL` must lock the rows of `products` first, as a price's writer does.
const PRICES: &str = "WITH oldest AS (SELECT product_id FROM events e WHERE state = 'pending' AND \
    claimed_until_ms <= $1 AND product_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events o WHERE \
    o.product_id = e.product_id AND o.state = 'pending' AND o.claimed_until_ms > $1) ORDER BY e.id LIMIT $2), \
    shares AS (SELECT product_id, COUNT(*) AS share FROM oldest GROUP BY product_id), \
    ranked AS (SELECT id, kind, product_id, seq, body, ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY seq, id) \
    AS place FROM events WHERE state = 'pending' AND product_id IN (SELECT product_id FROM shares)) \
    SELECT r.id, r.kind, r.body FROM ranked r JOIN shares s ON s.product_id = r.product_id AND r.place <= s.share \
    ORDER BY r.seq, r.id";

/// All others; `seq IS NULL` lets the index give them in order.
const OTHERS: &str = "SELECT id, kind, body FROM events WHERE state = 'pending' AND product_id IS NULL AND \
    seq IS NULL AND claimed_until_ms <= $1 ORDER BY id LIMIT $2";

/// Whether there may be something to claim. Looks without writing, which would make every kept answer old
/// (docs/adr/0003).
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn is_any_free(db: &mut Connection, now: UnixMillis) -> Result<bool> {
    let found = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM events WHERE state = 'pending' AND claimed_until_ms <= $1) AS found",
    );
    Ok(found.bind(now.0).fetch_one(db).await?.try_get("found")?)
}

/// Claims up to `limit` events with up to `most_bytes` of JSON (or one that is larger), of which at most [`MAX_PRICES`]
/// are prices, in the order to send them: prices last, each product's by seq.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn claim(
    db: &mut Connection,
    who: &str,
    now: UnixMillis,
    until: UnixMillis,
    limit: usize,
    most_bytes: usize,
) -> Result<Vec<Claimed>> {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let others = sqlx::query(OTHERS).bind(now.0).bind(count(limit)).fetch_all(&mut *db).await?;
    // A few places are kept for prices, or a flood of purges would hold them up.
    let prices =
        sqlx::query(PRICES).bind(now.0).bind(count(limit.min(MAX_PRICES))).fetch_all(&mut *db).await?;
    let room = limit.saturating_sub(prices.len()).max(limit / 2);
    let mut claimed = Vec::new();
    let mut bytes = 0;
    for row in others.iter().take(room).chain(&prices).take(limit) {
        let event = from_row(row)?;
        bytes += event.body.len();
        if bytes > most_bytes && !claimed.is_empty() {
            break;
        }
        claimed.push(event);
    }
    if claimed.is_empty() {
        return Ok(claimed);
    }
    let mut query = QueryBuilder::<Sqlite>::new("UPDATE events SET attempts = attempts + 1, claimed_by = ");
    query.push_bind(who).push(", claimed_until_ms = ").push_bind(until.0);
    push_ids(&mut query, claimed.iter().map(|event| &event.id));
    query.build().execute(db).await?;
    Ok(claimed)
}

/// Deletes events that the edge has.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn remove(db: &mut Connection, ids: &[EventId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM events");
    push_ids(&mut query, ids);
    query.build().execute(db).await?;
    Ok(())
}

/// Keeps an event that the edge does not take, and sends it no more.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn set_aside(db: &mut Connection, id: &EventId, error: &str) -> Result<()> {
    let query = "UPDATE events SET state = 'refused', error = $2, claimed_by = '', claimed_until_ms = 0 \
                 WHERE id = $1";
    sqlx::query(query).bind(id.as_str()).bind(error).execute(db).await?;
    Ok(())
}

/// Ends the claims of `who` on these.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn give_back(db: &mut Connection, who: &str, ids: &[EventId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new("UPDATE events SET claimed_by = '', claimed_until_ms = 0");
    push_ids(&mut query, ids);
    query.push(" AND claimed_by = ").push_bind(who);
    query.build().execute(db).await?;
    Ok(())
}

/// Gives back everything `who` has: it stops, and others need not wait until its claims are over.
///
/// # Errors
/// [`super::super::StoreError`].
pub async fn release(db: &mut Connection, who: &str) -> Result<()> {
    sqlx::query(
        "UPDATE events SET claimed_by = '', claimed_until_ms = 0 WHERE state = 'pending' AND claimed_by = $1",
    )
    .bind(who)
    .execute(db)
    .await?;
    Ok(())
}

fn push_ids<'a>(query: &mut QueryBuilder<Sqlite>, ids: impl IntoIterator<Item = &'a EventId>) {
    query.push(" WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str().to_owned());
    }
    list.push_unseparated(")");
}

fn from_row(row: &SqliteRow) -> Result<Claimed> {
    Ok(Claimed {
        id: parsed(EventId::parse(row.try_get("id")?))?,
        kind: row.try_get("kind")?,
        body: row.try_get("body")?,
    })
}
