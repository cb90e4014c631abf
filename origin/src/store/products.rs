//! Products, each with its newest recorded price.

mod admin;

pub use admin::{ProductChange, change, create};

use super::{Connection, Result, prices::RecordedPrice};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use valora_shared::{
    id::ProductId,
    money::{Margin, Paise},
    prices::PriceRule,
    time::UnixMillis,
    wire::{Category, ManagedProduct, Product},
};

/// A product as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProduct {
    /// Its id.
    pub product_id: ProductId,
    /// Its place in lists.
    pub position: i64,
    /// Display name.
    pub name: String,
    /// Empty when unknown.
    pub brand: String,
    /// Model, if known.
    pub model: Option<String>,
    /// Empty when unknown.
    pub category: String,
    /// Newest known market price and when it was known.
    pub last_known: Option<(Paise, UnixMillis)>,
    /// Its own margin.
    pub margin: Option<Margin>,
    /// Its own limits for the display price.
    pub rule: PriceRule,
    /// Whether it is offered.
    pub is_active: bool,
    /// The newest recorded price.
    pub price: Option<RecordedPrice>,
}

/// Which products of the list.
#[derive(Debug, Clone, Default)]
pub struct PageOf {
    /// Only this category.
    pub category: Option<String>,
    /// Only those behind this position.
    pub after: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.product_id, p.position, p.name, p.brand, p.model, p.category, p.last_known_paise, \
             p.last_known_at_ms, p.margin_basis_points, p.floor_paise, p.pinned_paise, p.is_active, \
             c.seq, c.lowest_paise, c.display_paise, c.margin_basis_points AS price_margin_basis_points, \
             c.supporters, c.computed_at_ms \
             FROM products p LEFT JOIN prices c ON c.product_id = p.product_id AND c.seq = p.seq ",
            $rest
        )
    };
}

impl StoredProduct {
    /// As the API shows it.
    pub fn to_wire(&self) -> Product {
        let last_known = self.last_known.map_or(Paise(0), |(paise, _)| paise);
        let display = self.price.as_ref().map(|price| price.display);
        Product {
            product_id: self.product_id.clone(),
            name: self.name.clone(),
            brand: self.brand.clone(),
            model: self.model.clone(),
            category: self.category.clone(),
            last_known_paise: last_known,
            last_known_price_readable: last_known.readable(),
            display_paise: display,
            display_price_readable: display.map(Paise::readable),
            is_active: self.is_active,
        }
    }

    /// As admins see it.
    pub fn to_managed(&self) -> ManagedProduct {
        ManagedProduct {
            product: self.to_wire(),
            margin_percent: self.margin,
            floor_paise: self.rule.floor,
            pinned_paise: self.rule.pinned,
        }
    }
}

/// The categories of active products, by name.
///
/// # Errors
/// [`super::StoreError`].
pub async fn categories(db: &mut Connection) -> Result<Vec<Category>> {
    let rows = sqlx::query(
        "SELECT category, COUNT(*) AS count FROM products WHERE is_active AND category <> '' \
         GROUP BY category ORDER BY category",
    );
    let read =
        |row: &SqliteRow| Ok(Category { name: row.try_get("category")?, count: row.try_get("count")? });
    rows.fetch_all(db).await?.iter().map(read).collect()
}

/// Active products in insertion order, at most `limit`.
///
/// # Errors
/// [`super::StoreError`].
pub async fn page(db: &mut Connection, of: &PageOf, limit: usize) -> Result<Vec<StoredProduct>> {
    let after = of.after.unwrap_or(i64::MIN);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // Two statements rather than one with an OR: each can use its index.
    let rows = match &of.category {
        None => {
            sqlx::query(select!("WHERE p.is_active AND p.position > $1 ORDER BY p.position LIMIT $2"))
                .bind(after)
                .bind(limit)
                .fetch_all(db)
                .await?
        }
        Some(category) => {
            sqlx::query(select!(
                "WHERE p.is_active AND p.category = $1 AND p.position > $2 ORDER BY p.position LIMIT $3"
            ))
            .bind(category)
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?
        }
    };
    rows.iter().map(from_row).collect()
}

/// One product, active or not.
///
/// # Errors
/// [`super::StoreError`].
pub async fn find(db: &mut Connection, id: &ProductId) -> Result<Option<StoredProduct>> {
    let row = sqlx::query(select!("WHERE p.product_id = $1")).bind(id.as_str()).fetch_optional(db).await?;
    row.as_ref().map(from_row).transpose()
}

/// Those of `ids` that exist, active or not, in no order.
///
/// # Errors
/// [`super::StoreError`].
pub async fn find_all(db: &mut Connection, ids: &[ProductId]) -> Result<Vec<StoredProduct>> {
    let mut query = QueryBuilder::<Sqlite>::new(select!("WHERE p.product_id IN ("));
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    list.push_unseparated(")");
    query.build().fetch_all(db).await?.iter().map(from_row).collect()
}

/// The highest position in use; 0 in an empty table.
///
/// # Errors
/// [`super::StoreError`].
pub async fn last_position(db: &mut Connection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COALESCE(MAX(position), 0) FROM products").fetch_one(db).await?)
}

/// Inserts products, or gives existing ones a new name, brand, category, last known price and offer; the rest of
/// them stays.
///
/// # Errors
/// [`super::StoreError`].
pub async fn upsert(db: &mut Connection, products: &[StoredProduct], now: UnixMillis) -> Result<()> {
    if products.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO products (product_id, position, name, brand, model, category, last_known_paise, \
         last_known_at_ms, is_active, seq, created_at_ms, updated_at_ms) ",
    );
    query.push_values(products, |mut row, product| {
        row.push_bind(product.product_id.as_str())
            .push_bind(product.position)
            .push_bind(product.name.as_str())
            .push_bind(product.brand.as_str())
            .push_bind(product.model.as_deref())
            .push_bind(product.category.as_str())
            .push_bind(product.last_known.map(|(paise, _)| paise.0))
            .push_bind(product.last_known.map(|(_, at)| at.0))
            .push_bind(product.is_active)
            .push_bind(0_i64)
            .push_bind(now.0)
            .push_bind(now.0);
    });
    query.push(
        " ON CONFLICT (product_id) DO UPDATE SET name = excluded.name, brand = excluded.brand, \
         category = excluded.category, last_known_paise = excluded.last_known_paise, \
         last_known_at_ms = excluded.last_known_at_ms, is_active = excluded.is_active, \
         updated_at_ms = excluded.updated_at_ms",
    );
    query.build().execute(db).await?;
    Ok(())
}

fn from_row(row: &SqliteRow) -> Result<StoredProduct> {
    let paise = |column| row.try_get::<Option<i64>, _>(column).map(|value| value.map(Paise));
    let known_at: Option<i64> = row.try_get("last_known_at_ms")?;
    Ok(StoredProduct {
        product_id: parsed(ProductId::parse(row.try_get("product_id")?))?,
        position: row.try_get("position")?,
        name: row.try_get("name")?,
        brand: row.try_get("brand")?,
        model: row.try_get("model")?,
        category: row.try_get("category")?,
        last_known: paise("last_known_paise")?.map(|paise| (paise, UnixMillis(known_at.unwrap_or(0)))),
        margin: row.try_get::<Option<i64>, _>("margin_basis_points")?.and_then(Margin::from_basis_points),
        rule: PriceRule { floor: paise("floor_paise")?, pinned: paise("pinned_paise")? },
        is_active: row.try_get("is_active")?,
        price: RecordedPrice::from_row(row)?,
    })
}

/// A stored value that breaks its own rule is a fault of the database's content.
pub(super) fn parsed<T, E>(value: std::result::Result<T, E>) -> Result<T, sqlx::Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    value.map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
