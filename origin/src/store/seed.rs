//! The storefront's own catalogue: what a fresh database starts with.

use super::{
    Result, Store,
    products::{self, StoredProduct, parsed},
};
use serde::Deserialize;
use valora_shared::{id::ProductId, money::Paise, prices::PriceRule, time::UnixMillis};

const CATALOGUE: &str = include_str!("../../data/storefront-catalog.json");

#[derive(Deserialize)]
struct Entry {
    product_id: ProductId,
    name: String,
    brand: String,
    category: String,
    price_inr: i64,
}

/// Puts the catalogue into a database without products, all of it or nothing.
pub(super) async fn first_products(store: &Store, now: UnixMillis) -> Result<()> {
    if products::last_position(&mut *store.read().await?).await? > 0 {
        // Known without the write lock, which an import may hold for seconds.
        return Ok(());
    }
    let mut db = store.write().await?;
    if products::last_position(&mut db).await? > 0 {
        return Ok(());
    }
    let entries: Vec<Entry> = parsed(serde_json::from_str(CATALOGUE))?;
    let rows: Vec<StoredProduct> = (1_i64..)
        .zip(entries)
        .map(|(position, entry)| StoredProduct {
            product_id: entry.product_id,
            position,
            name: entry.name,
            brand: entry.brand,
            model: None,
            category: entry.category,
            last_known: Some((Paise(entry.price_inr * 100), now)),
            margin: None,
            rule: PriceRule::default(),
            is_active: true,
            price: None,
        })
        .collect();
    products::upsert(&mut db, &rows, now).await?;
    db.commit().await?;
    Ok(())
}
