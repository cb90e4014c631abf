//! What each source told last about each product, and when it may be asked again.

use super::{Connection, Result, products::parsed};
use crate::sources::Validators;
use sqlx::{QueryBuilder, Row, Sqlite};
use valora_shared::{id::ProductId, money::Paise, time::UnixMillis};

/// One source about one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// The product.
    pub product_id: ProductId,
    /// The source's name.
    pub source: String,
    /// What the validators belong to.
    pub url: Option<String>,
    /// `ETag` of the last whole answer.
    pub etag: Option<String>,
    /// `Last-Modified` of it.
    pub last_modified: Option<String>,
    /// The price in it, with shipping.
    pub paise: Option<Paise>,
    /// When it was asked last.
    pub asked_at: UnixMillis,
    /// Failures in a row.
    pub failures: i64,
    /// Until when it is left alone for them.
    pub retry_at: UnixMillis,
    /// Why it failed last.
    pub last_failure: Option<String>,
}

/// Ten values a row; `SQLite` takes 32,766 in a statement.
const ROWS_PER_STATEMENT: usize = 2_000;

impl SourceState {
    /// What makes the next question conditional.
    pub fn validators(&self) -> Validators {
        Validators { etag: self.etag.clone(), last_modified: self.last_modified.clone() }
    }
}

/// Those of `ids`, by product and source.
///
/// # Errors
/// [`super::StoreError`].
pub async fn find_all(db: &mut Connection, ids: &[ProductId]) -> Result<Vec<SourceState>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT product_id, source, url, etag, last_modified, paise, asked_at_ms, failures, retry_at_ms, \
         last_failure FROM source_states WHERE product_id IN (",
    );
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    list.push_unseparated(") ORDER BY product_id, source");
    let mut states = Vec::new();
    for row in query.build().fetch_all(db).await? {
        states.push(SourceState {
            product_id: parsed(ProductId::parse(row.try_get("product_id")?))?,
            source: row.try_get("source")?,
            url: row.try_get("url")?,
            etag: row.try_get("etag")?,
            last_modified: row.try_get("last_modified")?,
            paise: row.try_get::<Option<i64>, _>("paise")?.map(Paise),
            asked_at: UnixMillis(row.try_get("asked_at_ms")?),
            failures: row.try_get("failures")?,
            retry_at: UnixMillis(row.try_get("retry_at_ms")?),
            last_failure: row.try_get("last_failure")?,
        });
    }
    Ok(states)
}

/// Writes states over what was there.
///
/// # Errors
/// [`super::StoreError`].
pub async fn put(db: &mut Connection, states: &[SourceState]) -> Result<()> {
    for rows in states.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO source_states (product_id, source, url, etag, last_modified, paise, asked_at_ms, failures, \
             retry_at_ms, last_failure) ",
        );
        query.push_values(rows, |mut row, state| {
            row.push_bind(state.product_id.as_str())
                .push_bind(state.source.as_str())
                .push_bind(state.url.as_deref())
                .push_bind(state.etag.as_deref())
                .push_bind(state.last_modified.as_deref())
                .push_bind(state.paise.map(|paise| paise.0))
                .push_bind(state.asked_at.0)
                .push_bind(state.failures)
                .push_bind(state.retry_at.0)
                .push_bind(state.last_failure.as_deref());
        });
        query.push(
            " ON CONFLICT (product_id, source) DO UPDATE SET url = excluded.url, etag = excluded.etag, \
             last_modified = excluded.last_modified, paise = excluded.paise, asked_at_ms = excluded.asked_at_ms, \
             failures = excluded.failures, retry_at_ms = excluded.retry_at_ms, last_failure = excluded.last_failure",
        );
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}
