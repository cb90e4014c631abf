//! Prices the shop has shown.

use super::{Connection, Result, events, products::parsed};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use std::collections::{BTreeSet, HashMap};
use valora_shared::{
    events::{ChainState, EventBody, PriceUpdate},
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
        let supporters = supporters_from_json(row.try_get("supporters")?)?;
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

/// Seven values a row; `SQLite` takes 32,766 in a statement.
const ROWS_PER_STATEMENT: usize = 4_000;

/// Records prices, at most one of a product: each product's next seq, its last known price, the price itself,
/// and the events that tell the edge, all in the caller's transaction.
///
/// # Errors
/// [`super::StoreError`].
pub async fn record(
    db: &mut Connection,
    prices: &[(&ProductId, NewPrice<'_>)],
    now: UnixMillis,
) -> Result<()> {
    for rows in prices.chunks(ROWS_PER_STATEMENT) {
        record_rows(db, rows, now).await?;
    }
    Ok(())
}

async fn record_rows(
    db: &mut Connection,
    prices: &[(&ProductId, NewPrice<'_>)],
    now: UnixMillis,
) -> Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH recorded (product_id, lowest_paise, known_at_ms) AS (");
    query.push_values(prices, |mut row, (id, price)| {
        // A price without supporters is the last known one itself: nobody knows it any better now than then.
        let known_at = (!price.supporters.is_empty()).then_some(now.0);
        row.push_bind(id.as_str()).push_bind(price.lowest.0).push_bind(known_at);
    });
    query
        .push(
            ") UPDATE products SET seq = seq + 1, last_known_paise = recorded.lowest_paise, \
             last_known_at_ms = COALESCE(recorded.known_at_ms, last_known_at_ms), updated_at_ms = ",
        )
        .push_bind(now.0)
        .push(" FROM recorded WHERE products.product_id = recorded.product_id RETURNING product_id, seq, category");
    let mut seqs: HashMap<String, i64> = HashMap::with_capacity(prices.len());
    let mut categories: BTreeSet<String> = BTreeSet::new();
    for row in query.build().fetch_all(&mut *db).await? {
        seqs.insert(row.try_get("product_id")?, row.try_get("seq")?);
        categories.insert(row.try_get("category")?);
    }
    let known: Vec<_> =
        prices.iter().filter_map(|(id, price)| Some((*id, price, *seqs.get(id.as_str())?))).collect();
    if known.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO prices (product_id, seq, lowest_paise, display_paise, margin_basis_points, supporters, \
         computed_at_ms) ",
    );
    query.push_values(&known, |mut row, (id, price, seq)| {
        row.push_bind(id.as_str())
            .push_bind(*seq)
            .push_bind(price.lowest.0)
            .push_bind(price.display.0)
            .push_bind(i64::from(price.margin.basis_points()))
            .push_bind(supporters_to_json(price.supporters))
            .push_bind(now.0);
    });
    query.build().execute(&mut *db).await?;
    let updates: Vec<EventBody> = known.iter().map(|(id, price, seq)| price.to_event(id, *seq)).collect();
    events::announce(db, &updates, now).await?;
    events::purge(db, known.iter().map(|(id, ..)| *id), &categories, now).await
}

impl NewPrice<'_> {
    fn to_event(self, id: &ProductId, seq: i64) -> EventBody {
        EventBody::Price(PriceUpdate {
            product_id: id.clone(),
            seq,
            display_paise: self.display,
            display_price_readable: self.display.readable(),
            lowest_paise: self.lowest,
            margin_percent: self.margin,
            blockchain: ChainState::default(),
        })
    }
}

/// Supporters as they are stored.
pub(super) fn supporters_to_json(supporters: &[Supporter]) -> String {
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

/// The same read again.
pub(super) fn supporters_from_json(text: &str) -> Result<Vec<Supporter>> {
    let stored: Vec<StoredSupporter> = parsed(serde_json::from_str(text))?;
    let mut supporters = Vec::with_capacity(stored.len());
    for StoredSupporter { source, confidence } in stored {
        let confidence = parsed(Confidence::from_ten_thousandths(confidence))?;
        supporters.push(Supporter { source, confidence });
    }
    Ok(supporters)
}
