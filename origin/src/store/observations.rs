//! What sources said.

use super::{Connection, Result, events, products::parsed};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use std::collections::{BTreeSet, HashMap};
use valora_shared::{id::ProductId, money::Paise, prices::Confidence, time::UnixMillis};

/// The kind of an imported file's observations.
pub const KIND_CSV: &str = "csv";

/// The kind of what sources tell by themselves.
pub const KIND_PUSH: &str = "push";

/// Each row binds eight values, and `SQLite` takes 32,766 in a statement (`PostgreSQL` 65,535).
const ROWS_PER_STATEMENT: usize = 2_000;

/// One source's word about one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The product.
    pub product_id: ProductId,
    /// The source's name.
    pub source: String,
    /// 1, 2, 3, … within product and source.
    pub number: i64,
    /// `csv`, ….
    pub kind: String,
    /// With shipping; `None` when the source stopped naming a price.
    pub paise: Option<Paise>,
    /// How far it is believed.
    pub confidence: Confidence,
    /// When it was seen.
    pub observed_at: UnixMillis,
}

impl Observation {
    fn says_the_same_as(&self, other: &Self) -> bool {
        let said = |word: &Self| (word.paise, word.kind.clone(), word.confidence);
        said(self) == said(other)
    }
}

/// The newest word of each source about each of `ids`, by source name.
///
/// # Errors
/// [`super::StoreError`].
pub async fn newest(db: &mut Connection, ids: &[ProductId]) -> Result<Vec<Observation>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT product_id, source, number, kind, paise, confidence, observed_at_ms FROM observations \
         WHERE is_newest AND product_id IN (",
    );
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    list.push_unseparated(") ORDER BY product_id, source");
    query.build().fetch_all(db).await?.iter().map(from_row).collect()
}

/// Adds observations; each becomes the newest of its product and source.
///
/// # Errors
/// [`super::StoreError`].
pub async fn add(db: &mut Connection, observations: &[Observation]) -> Result<()> {
    for rows in observations.chunks(ROWS_PER_STATEMENT) {
        add_rows(db, rows).await?;
    }
    Ok(())
}

/// The same for words whose number is not known: each gets the next one of its product and source. Under the write
/// lock, or two writers would take the same. Answers that show what a source says otherwise now are out of date; when
/// it says the same again, they go on showing the time at which it said so before.
///
/// # Errors
/// [`super::StoreError`].
pub async fn tell(db: &mut Connection, mut words: Vec<Observation>, now: UnixMillis) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<ProductId> = words.iter().map(|word| word.product_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut known: HashMap<(ProductId, String), Observation> = HashMap::new();
    for word in newest(db, &ids).await? {
        known.insert((word.product_id.clone(), word.source.clone()), word);
    }
    let mut differ: BTreeSet<ProductId> = BTreeSet::new();
    for word in &mut words {
        let before = known.get(&(word.product_id.clone(), word.source.clone()));
        word.number = before.map_or(1, |before| before.number + 1);
        if before.is_none_or(|before| !word.says_the_same_as(before)) {
            differ.insert(word.product_id.clone());
        }
        known.insert((word.product_id.clone(), word.source.clone()), word.clone());
    }
    add(db, &words).await?;
    events::purge_details(db, &differ, now).await
}

async fn add_rows(db: &mut Connection, observations: &[Observation]) -> Result<()> {
    let replacing: Vec<&Observation> = observations.iter().filter(|new| new.number > 1).collect();
    if !replacing.is_empty() {
        let mut query = QueryBuilder::<Sqlite>::new(
            "UPDATE observations SET is_newest = FALSE WHERE is_newest AND (product_id, source) IN (",
        );
        query.push_values(replacing, |mut row, new| {
            row.push_bind(new.product_id.as_str()).push_bind(new.source.as_str());
        });
        query.push(")");
        query.build().execute(&mut *db).await?;
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO observations (product_id, source, number, kind, paise, confidence, observed_at_ms, \
         is_newest) ",
    );
    query.push_values(observations, |mut row, new| {
        row.push_bind(new.product_id.as_str())
            .push_bind(new.source.as_str())
            .push_bind(new.number)
            .push_bind(new.kind.as_str())
            .push_bind(new.paise.map(|paise| paise.0))
            .push_bind(i64::from(new.confidence.ten_thousandths()))
            .push_bind(new.observed_at.0)
            .push_bind(true);
    });
    query.build().execute(db).await?;
    Ok(())
}

fn from_row(row: &SqliteRow) -> Result<Observation> {
    Ok(Observation {
        product_id: parsed(ProductId::parse(row.try_get("product_id")?))?,
        source: row.try_get("source")?,
        number: row.try_get("number")?,
        kind: row.try_get("kind")?,
        paise: row.try_get::<Option<i64>, _>("paise")?.map(Paise),
        confidence: parsed(Confidence::from_ten_thousandths(row.try_get("confidence")?))?,
        observed_at: UnixMillis(row.try_get("observed_at_ms")?),
    })
}
