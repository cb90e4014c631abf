//! Prices the shop has shown.

use super::{Connection, Result, products::parsed};
use serde::{Deserialize, Serialize};
use sqlx::{Row, sqlite::SqliteRow};
use valora_shared::{
    id::ProductId,
    money::{Margin, Paise},
    prices::Confidence,
    time::UnixMillis,
};

/// A price as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPrice {
    /// Its number, counted per product.
    pub seq: i64,
    /// The lowest market price.
    pub lowest: Paise,
    /// What the shop shows.
    pub display: Paise,
    /// The margin between the two.
    pub margin: Margin,
    /// Who supports the lowest price; empty when the last known price stood in.
    pub supporters: Vec<Supporter>,
    /// When it was computed.
    pub computed_at: UnixMillis,
}

/// A source that supports a price, as it was believed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supporter {
    /// Its name.
    pub source: String,
    /// How far it was believed.
    pub confidence: Confidence,
}

/// A price about to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct NewPrice<'a> {
    /// The lowest market price.
    pub lowest: Paise,
    /// What the shop shows.
    pub display: Paise,
    /// The margin between the two.
    pub margin: Margin,
    /// Who supports the lowest price.
    pub supporters: &'a [Supporter],
}

#[derive(Serialize, Deserialize)]
struct StoredSupporter {
    source: String,
    confidence: i64,
}

impl RecordedPrice {
    /// From a row that may have none.
    pub(super) fn from_row(row: &SqliteRow) -> Result<Option<Self>> {
        let Some(seq) = row.try_get::<Option<i64>, _>("seq")? else { return Ok(None) };
        let stored: Vec<StoredSupporter> = parsed(serde_json::from_str(row.try_get("supporters")?))?;
        let mut supporters = Vec::with_capacity(stored.len());
        for StoredSupporter { source, confidence } in stored {
            let confidence = parsed(Confidence::from_ten_thousandths(confidence))?;
            supporters.push(Supporter { source, confidence });
        }
        Ok(Some(Self {
            seq,
            lowest: Paise(row.try_get("lowest_paise")?),
            display: Paise(row.try_get("display_paise")?),
            margin: Margin::from_basis_points(row.try_get("price_margin_basis_points")?).unwrap_or_default(),
            supporters,
            computed_at: UnixMillis(row.try_get("computed_at_ms")?),
        }))
    }
}

/// Records a price: the product's next seq, its last known price and the price itself, all in the caller's
/// transaction. Returns the seq.
///
/// # Errors
/// [`super::StoreError`].
pub async fn record(
    db: &mut Connection,
    id: &ProductId,
    price: &NewPrice<'_>,
    now: UnixMillis,
) -> Result<i64> {
    // A price without supporters is the last known one itself: nobody knows it any better now than then.
    let known_at = (!price.supporters.is_empty()).then_some(now.0);
    let seq: i64 = sqlx::query_scalar(
        "UPDATE products SET seq = seq + 1, last_known_paise = $2, \
         last_known_at_ms = COALESCE($3, last_known_at_ms), updated_at_ms = $4 \
         WHERE product_id = $1 RETURNING seq",
    )
    .bind(id.as_str())
    .bind(price.lowest.0)
    .bind(known_at)
    .bind(now.0)
    .fetch_one(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO prices (product_id, seq, lowest_paise, display_paise, margin_basis_points, supporters, \
         computed_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.as_str())
    .bind(seq)
    .bind(price.lowest.0)
    .bind(price.display.0)
    .bind(i64::from(price.margin.basis_points()))
    .bind(to_json(price.supporters))
    .bind(now.0)
    .execute(db)
    .await?;
    Ok(seq)
}

fn to_json(supporters: &[Supporter]) -> String {
    let stored: Vec<StoredSupporter> = supporters
        .iter()
        .map(|supporter| StoredSupporter {
            source: supporter.source.clone(),
            confidence: i64::from(supporter.confidence.ten_thousandths()),
        })
        .collect();
    // Strings and integers only: writing them cannot fail.
    serde_json::to_string(&stored).unwrap_or_else(|_| "[]".to_owned())
}
