//! Prices the shop has shown before.

use super::{
    Connection, Result,
    prices::{RecordedPrice, supporters_from_json},
};
use sqlx::{Row, sqlite::SqliteRow};
use valora_shared::{
    id::ProductId,
    money::{Margin, Paise},
    time::UnixMillis,
};

/// Which recorded prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// Computed then or later.
    pub from: Option<UnixMillis>,
    /// Computed then or earlier.
    pub to: Option<UnixMillis>,
    /// Only those with a smaller seq.
    pub before: Option<i64>,
}

/// Recorded prices of a product, the newest first, at most `limit`.
///
/// # Errors
/// [`super::StoreError`].
pub async fn page(
    db: &mut Connection,
    id: &ProductId,
    period: &Period,
    limit: usize,
) -> Result<Vec<RecordedPrice>> {
    let rows = sqlx::query(
        "SELECT seq, lowest_paise, display_paise, margin_basis_points, supporters, computed_at_ms FROM prices \
         WHERE product_id = $1 AND seq < $2 AND computed_at_ms >= $3 AND computed_at_ms <= $4 \
         ORDER BY seq DESC LIMIT $5",
    )
    .bind(id.as_str())
    .bind(period.before.unwrap_or(i64::MAX))
    .bind(period.from.map_or(i64::MIN, |at| at.0))
    .bind(period.to.map_or(i64::MAX, |at| at.0))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX));
    rows.fetch_all(db).await?.iter().map(from_row).collect()
}

fn from_row(row: &SqliteRow) -> Result<RecordedPrice> {
    Ok(RecordedPrice {
        seq: row.try_get("seq")?,
        lowest: Paise(row.try_get("lowest_paise")?),
        display: Paise(row.try_get("display_paise")?),
        margin: Margin::from_basis_points(row.try_get("margin_basis_points")?).unwrap_or_default(),
        supporters: supporters_from_json(row.try_get("supporters")?)?,
        computed_at: UnixMillis(row.try_get("computed_at_ms")?),
    })
}
