//! Events for the edge (design: trust.md): an outbox. Rows are written in the transaction of the change and found by
//! their state, never by a cursor over ids, since ids are not the order of commits.

mod claims;
mod upkeep;

pub use claims::{Claimed, claim, give_back, is_any_free, release, remove, set_aside};
pub use upkeep::{Listed, drop_all_refused, drop_one, list, prune, retry};

use super::{Connection, Result, purges};
use crate::clock::event_id;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::BTreeSet;
use valora_shared::{
    events::{EventBody, PRODUCTS_TAG, Purge, PurgeMode, category_tag, product_tag},
    id::ProductId,
    time::UnixMillis,
};

/// Six values a row; `SQLite` takes 32,766 in a statement.
const ROWS_PER_STATEMENT: usize = 4_000;

/// Writes events in the caller's transaction: they leave when it is committed, and never if it is not.
///
/// # Errors
/// [`super::StoreError`].
pub async fn announce(db: &mut Connection, events: &[EventBody], now: UnixMillis) -> Result<()> {
    for events in events.chunks(ROWS_PER_STATEMENT) {
        let mut rows = Vec::with_capacity(events.len());
        for event in events {
            let json = event.to_json().map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
            rows.push((event, json));
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO events (id, kind, product_id, seq, body, created_at_ms, state, attempts, claimed_by, \
             claimed_until_ms) ",
        );
        query.push_values(rows, |mut row, (event, json)| {
            let price = match event {
                EventBody::Price(price) => Some(price),
                _ => None,
            };
            row.push_bind(event_id(now))
                .push_bind(event.kind())
                .push_bind(price.map(|price| price.product_id.as_str()))
                .push_bind(price.map(|price| price.seq))
                .push_bind(json)
                .push_bind(now.0)
                .push("'pending', 0, '', 0");
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Tells the edge, in the caller's transaction, that answers showing these products or listing these categories are out
/// of date, lists of all products included; in as few events as they fit into.
///
/// # Errors
/// [`super::StoreError`].
pub async fn purge<'a>(
    db: &mut Connection,
    ids: impl IntoIterator<Item = &'a ProductId>,
    categories: &BTreeSet<String>,
    now: UnixMillis,
) -> Result<()> {
    let mut tags: Vec<String> = ids.into_iter().map(product_tag).collect();
    if tags.is_empty() && categories.is_empty() {
        return Ok(());
    }
    tags.push(PRODUCTS_TAG.to_owned());
    tags.extend(categories.iter().map(|name| category_tag(name)));
    purge_tags(db, &tags, now).await
}

/// The same where only answers about these very products are out of date, and no list.
///
/// # Errors
/// [`super::StoreError`].
pub async fn purge_details<'a>(
    db: &mut Connection,
    ids: impl IntoIterator<Item = &'a ProductId>,
    now: UnixMillis,
) -> Result<()> {
    let tags: Vec<String> = ids.into_iter().map(product_tag).collect();
    purge_tags(db, &tags, now).await
}

/// Everywhere at once: at the edge by events, at the origin's replicas by what they all read.
async fn purge_tags(db: &mut Connection, tags: &[String], now: UnixMillis) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    purges::tags(db, tags).await?;
    let purge =
        |tags: &[String]| EventBody::Purge(Purge { tags: tags.to_vec(), mode: PurgeMode::Revalidate });
    let events: Vec<EventBody> = tags.chunks(Purge::MAX_TAGS).map(purge).collect();
    announce(db, &events, now).await
}
