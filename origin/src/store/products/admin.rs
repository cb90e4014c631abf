//! What admins change of products. Each change goes through [`changed`].

use super::{StoredProduct, find};
use crate::store::{Connection, Result, events};
use valora_shared::{
    id::ProductId,
    money::{Margin, Paise},
    time::UnixMillis,
};

/// What is to become of a product; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductChange {
    /// Display name.
    pub name: Option<String>,
    /// Empty when unknown.
    pub brand: Option<String>,
    /// `Some(None)` takes it away, as for the following.
    pub model: Option<Option<String>>,
    /// Empty when unknown.
    pub category: Option<String>,
    /// Its own margin.
    pub margin: Option<Option<Margin>>,
    /// Its lowest display price.
    pub floor: Option<Option<Paise>>,
    /// Its only display price.
    pub pinned: Option<Option<Paise>>,
    /// Whether it is offered.
    pub is_active: Option<bool>,
}

/// Adds a product behind all others (its position is not looked at), with the write lock held. False when there is one
/// of this id already.
///
/// # Errors
/// [`crate::store::StoreError`].
pub async fn create(db: &mut Connection, product: &StoredProduct, now: UnixMillis) -> Result<bool> {
    let created = sqlx::query(
        "INSERT INTO products (product_id, position, name, brand, model, category, last_known_paise, \
         last_known_at_ms, margin_basis_points, floor_paise, pinned_paise, is_active, seq, created_at_ms, \
         updated_at_ms) \
         VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM products), $2, $3, $4, $5, $6, $7, $8, $9, $10, \
         $11, 0, $12, $12) ON CONFLICT (product_id) DO NOTHING",
    )
    .bind(product.product_id.as_str())
    .bind(&product.name)
    .bind(&product.brand)
    .bind(product.model.as_deref())
    .bind(&product.category)
    .bind(product.last_known.map(|(paise, _)| paise.0))
    .bind(product.last_known.map(|(_, at)| at.0))
    .bind(product.margin.map(|margin| i64::from(margin.basis_points())))
    .bind(product.rule.floor.map(|paise| paise.0))
    .bind(product.rule.pinned.map(|paise| paise.0))
    .bind(product.is_active)
    .bind(now.0)
    .execute(&mut *db)
    .await?;
    if created.rows_affected() == 0 {
        return Ok(false);
    }
    changed(db, None, product, now).await?;
    Ok(true)
}

/// Changes a product, with the write lock held, and says how it is now. `None` when there is none of this id.
///
/// # Errors
/// [`crate::store::StoreError`].
pub async fn change(
    db: &mut Connection,
    id: &ProductId,
    change: &ProductChange,
    now: UnixMillis,
) -> Result<Option<StoredProduct>> {
    let Some(before) = find(db, id).await? else { return Ok(None) };
    let mut after = before.clone();
    after.name = change.name.clone().unwrap_or(after.name);
    after.brand = change.brand.clone().unwrap_or(after.brand);
    after.model = change.model.clone().unwrap_or(after.model);
    after.category = change.category.clone().unwrap_or(after.category);
    after.margin = change.margin.unwrap_or(after.margin);
    after.rule.floor = change.floor.unwrap_or(after.rule.floor);
    after.rule.pinned = change.pinned.unwrap_or(after.rule.pinned);
    after.is_active = change.is_active.unwrap_or(after.is_active);
    if after == before {
        return Ok(Some(after));
    }
    sqlx::query(
        "UPDATE products SET name = $2, brand = $3, model = $4, category = $5, margin_basis_points = $6, \
         floor_paise = $7, pinned_paise = $8, is_active = $9, updated_at_ms = $10 WHERE product_id = $1",
    )
    .bind(id.as_str())
    .bind(&after.name)
    .bind(&after.brand)
    .bind(after.model.as_deref())
    .bind(&after.category)
    .bind(after.margin.map(|margin| i64::from(margin.basis_points())))
    .bind(after.rule.floor.map(|paise| paise.0))
    .bind(after.rule.pinned.map(|paise| paise.0))
    .bind(after.is_active)
    .bind(now.0)
    .execute(&mut *db)
    .await?;
    changed(db, Some(&before), &after, now).await?;
    Ok(Some(after))
}

/// Every change of an admin passes here, in its transaction: answers that show `before` (none where the product is new)
/// or `after` are out of date.
async fn changed(
    db: &mut Connection,
    before: Option<&StoredProduct>,
    after: &StoredProduct,
    now: UnixMillis,
) -> Result<()> {
    let categories = before.into_iter().chain([after]).map(|product| product.category.clone()).collect();
    events::purge(db, [&after.product_id], &categories, now).await
}
