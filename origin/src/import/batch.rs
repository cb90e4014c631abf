//! Writes rows, many per statement, and only what is new in them.

use super::{row::Row, summary::Summary};
use crate::{
    pricing::{Pricing, quotes},
    store::{
        StoreError, events,
        observations::{self, KIND_CSV, Observation},
        products::{self, StoredProduct},
    },
};
use sqlx::SqliteConnection;
use std::collections::{BTreeSet, HashMap};
use valora_shared::{
    id::ProductId,
    money::Paise,
    prices::{Confidence, PriceRule, aggregate},
    time::UnixMillis,
};

/// Rows waiting to be written, and where new products go.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pricing: &'a Pricing,
    rows: Vec<Row>,
    last_position: i64,
    now: UnixMillis,
    /// What answers about are out of date: products that are new, changed or told about otherwise, and the categories of
    /// those that changed, before and after.
    touched: Vec<ProductId>,
    categories: BTreeSet<String>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(pricing: &'a Pricing, last_position: i64) -> Self {
        Self {
            pricing,
            rows: Vec::new(),
            last_position,
            now: pricing.clock.now(),
            touched: Vec::new(),
            categories: BTreeSet::new(),
        }
    }

    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Writes what the rows bring and empties the batch.
    pub(super) async fn write(
        &mut self,
        db: &mut SqliteConnection,
        summary: &mut Summary,
    ) -> Result<(), StoreError> {
        let ids: Vec<ProductId> = self.rows.iter().map(|row| row.product_id.clone()).collect();
        let mut products: HashMap<ProductId, StoredProduct> = HashMap::new();
        for product in products::find_all(db, &ids).await? {
            products.insert(product.product_id.clone(), product);
        }
        let mut known: HashMap<ProductId, Vec<Observation>> = HashMap::new();
        for observation in observations::newest(db, &ids).await? {
            known.entry(observation.product_id.clone()).or_default().push(observation);
        }
        let (mut to_upsert, mut to_add) = (Vec::new(), Vec::new());
        for row in self.rows.drain(..) {
            let mut newest = known.remove(&row.product_id).unwrap_or_default();
            let told = news(&row, &mut newest, self.now);
            let before = products.remove(&row.product_id);
            newest.retain(|observation| self.pricing.counts(observation, self.now));
            let after = product_after(row, before.as_ref(), &newest, self.now);
            let is_changed = !told.is_empty() || before.as_ref().is_some_and(|before| *before != after);
            summary.observations += told.len() as u64;
            summary.without_price += u64::from(after.last_known.is_none());
            match before {
                None => {
                    summary.new += 1;
                    self.last_position += 1;
                    to_upsert.push(StoredProduct { position: self.last_position, ..after });
                }
                Some(before) => {
                    summary.changed += u64::from(is_changed);
                    summary.unchanged += u64::from(!is_changed);
                    if before != after {
                        self.categories.insert(before.category.clone());
                        to_upsert.push(after);
                    }
                }
            }
            to_add.extend(told);
        }
        self.categories.extend(to_upsert.iter().map(|product| product.category.clone()));
        // An answer about a product shows its sources, too, whose word can change and the product not.
        let upserted = to_upsert.iter().map(|product| &product.product_id);
        let touched: BTreeSet<&ProductId> =
            upserted.chain(to_add.iter().map(|word| &word.product_id)).collect();
        self.touched.extend(touched.into_iter().cloned());
        // Ids are random: in their order, neighbours of an index are written together.
        to_upsert.sort_unstable_by(|one, other| one.product_id.cmp(&other.product_id));
        to_add.sort_unstable_by(|one, other| one.product_id.cmp(&other.product_id));
        // Products first: observations refer to them.
        products::upsert(db, &to_upsert, self.now).await?;
        observations::add(db, &to_add).await
    }

    /// Tells the edge. A hundred tags are one row, so naming each product is cheap even for a whole catalogue. No
    /// prices: an import records none, the next look at a product does.
    pub(super) async fn announce(&self, db: &mut SqliteConnection) -> Result<(), StoreError> {
        events::purge(db, &self.touched, &self.categories, self.now).await
    }
}

/// What the row says that is not known yet; `newest` is brought up to it. A source of the file without a price
/// takes back what it said before.
fn news(row: &Row, newest: &mut Vec<Observation>, now: UnixMillis) -> Vec<Observation> {
    let mut told = Vec::new();
    for (source, paise) in &row.prices {
        let before = newest.iter_mut().find(|observation| observation.source == *source);
        let is_known = match &before {
            None => paise.is_none(),
            Some(before) => {
                (before.paise, before.kind.as_str(), before.confidence)
                    == (*paise, KIND_CSV, Confidence::IMPORTED)
            }
        };
        if is_known {
            continue;
        }
        let observation = Observation {
            product_id: row.product_id.clone(),
            source: source.clone(),
            number: before.as_ref().map_or(1, |before| before.number + 1),
            kind: KIND_CSV.to_owned(),
            paise: *paise,
            confidence: Confidence::IMPORTED,
            observed_at: now,
        };
        match before {
            Some(before) => *before = observation.clone(),
            None => newest.push(observation.clone()),
        }
        told.push(observation);
    }
    told
}

/// The product after the row. A product without any price is kept and not offered; its first price offers it.
fn product_after(
    row: Row,
    before: Option<&StoredProduct>,
    newest: &[Observation],
    now: UnixMillis,
) -> StoredProduct {
    let aggregated = aggregate(&quotes(newest), now).map(|agreed| agreed.lowest);
    let known_before = before.and_then(|before| before.last_known);
    let last_known = last_known(aggregated, known_before, now);
    let gets_first_price = known_before.is_none() && last_known.is_some();
    StoredProduct {
        product_id: row.product_id,
        position: before.map_or(0, |before| before.position),
        name: row.name,
        brand: row.brand,
        model: before.and_then(|before| before.model.clone()),
        category: row.category,
        last_known,
        margin: before.and_then(|before| before.margin),
        rule: before.map_or_else(PriceRule::default, |before| before.rule),
        is_active: gets_first_price || before.is_some_and(|before| before.is_active),
        price: before.and_then(|before| before.price.clone()),
    }
}

fn last_known(
    aggregated: Option<Paise>,
    before: Option<(Paise, UnixMillis)>,
    now: UnixMillis,
) -> Option<(Paise, UnixMillis)> {
    match (aggregated, before) {
        (None, before) => before,
        (Some(paise), Some((known, at))) if known == paise => Some((paise, at)),
        (Some(paise), _) => Some((paise, now)),
    }
}
