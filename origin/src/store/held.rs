//! Prices too low to be recorded on one source's word.

use super::{
    Connection, Result,
    prices::{Supporter, supporters_from_json, supporters_to_json},
    products::parsed,
};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use valora_shared::{id::ProductId, money::Paise, time::UnixMillis};

/// A price that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPrice {
    /// Its id, made when it was held.
    pub held_id: String,
    /// The product.
    pub product_id: ProductId,
    /// The price.
    pub lowest: Paise,
    /// What it fell from.
    pub recorded: Paise,
    /// Who names it.
    pub supporters: Vec<Supporter>,
    /// Since when it waits.
    pub held_at: UnixMillis,
}

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOutcome {
    /// An admin confirmed it.
    Confirmed,
    /// A second source names it, too.
    Supported,
    /// The sources name another suspicious price now.
    Replaced,
    /// No source names it any more.
    Withdrawn,
}

impl HeldOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Supported => "supported",
            Self::Replaced => "replaced",
            Self::Withdrawn => "withdrawn",
        }
    }
}

const SELECT: &str = "SELECT held_id, product_id, lowest_paise, recorded_paise, supporters, held_at_ms \
                      FROM held_prices WHERE is_open";

/// What waits for these products.
///
/// # Errors
/// [`super::StoreError`].
pub async fn open_of(db: &mut Connection, ids: &[ProductId]) -> Result<Vec<HeldPrice>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(" AND product_id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    list.push_unseparated(")");
    query.build().fetch_all(db).await?.iter().map(from_row).collect()
}

/// What waits, the longest waiting first, at most `limit`, behind the one that waits since then under that id.
///
/// # Errors
/// [`super::StoreError`].
pub async fn open(
    db: &mut Connection,
    after: Option<&(UnixMillis, String)>,
    limit: usize,
) -> Result<Vec<HeldPrice>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    if let Some((held_at, held_id)) = after {
        query.push(" AND (held_at_ms, held_id) > (").push_bind(held_at.0).push(", ").push_bind(held_id);
        query.push(")");
    }
    query.push(" ORDER BY held_at_ms, held_id LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    query.build().fetch_all(db).await?.iter().map(from_row).collect()
}

/// The price that waits under this id.
///
/// # Errors
/// [`super::StoreError`].
pub async fn find_open(db: &mut Connection, held_id: &str) -> Result<Option<HeldPrice>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(" AND held_id = ").push_bind(held_id);
    query.build().fetch_optional(db).await?.as_ref().map(from_row).transpose()
}

/// Keeps a price waiting.
///
/// # Errors
/// [`super::StoreError`].
pub async fn hold(db: &mut Connection, held: &HeldPrice) -> Result<()> {
    sqlx::query(
        "INSERT INTO held_prices (held_id, product_id, lowest_paise, recorded_paise, supporters, held_at_ms, is_open) \
         VALUES ($1, $2, $3, $4, $5, $6, TRUE)",
    )
    .bind(held.held_id.as_str())
    .bind(held.product_id.as_str())
    .bind(held.lowest.0)
    .bind(held.recorded.0)
    .bind(supporters_to_json(&held.supporters))
    .bind(held.held_at.0)
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the waiting; `by` is who confirmed.
///
/// # Errors
/// [`super::StoreError`].
pub async fn close(
    db: &mut Connection,
    held_id: &str,
    outcome: HeldOutcome,
    by: Option<&str>,
    now: UnixMillis,
) -> Result<()> {
    sqlx::query(
        "UPDATE held_prices SET is_open = FALSE, closed_at_ms = $2, outcome = $3, closed_by = $4 WHERE held_id = $1",
    )
    .bind(held_id)
    .bind(now.0)
    .bind(outcome.as_str())
    .bind(by)
    .execute(db)
    .await?;
    Ok(())
}

fn from_row(row: &SqliteRow) -> Result<HeldPrice> {
    Ok(HeldPrice {
        held_id: row.try_get("held_id")?,
        product_id: parsed(ProductId::parse(row.try_get("product_id")?))?,
        lowest: Paise(row.try_get("lowest_paise")?),
        recorded: Paise(row.try_get("recorded_paise")?),
        supporters: supporters_from_json(row.try_get("supporters")?)?,
        held_at: UnixMillis(row.try_get("held_at_ms")?),
    })
}
