//! `POST /api/products`, `PATCH` and `DELETE /api/products/{id}`.

use crate::{
    app::AppState,
    error::AppError,
    http::{
        extract::{
            Admin, Fields, ProductInPath,
            fields::{flag, margin, paise, product_id, text},
            read_json,
        },
        reply::{Answer, created_at, json, nothing},
    },
    store::products::{self, ProductChange, StoredProduct},
};
use axum::extract::{Request, State};
use valora_shared::{
    prices::PriceRule,
    problem::{Place, Problem},
    time::UnixMillis,
};

/// Characters of a name; real listings have 300 and more.
pub(crate) const MAX_NAME: usize = 500;
/// Characters of brand, model and category.
pub(crate) const MAX_WORDS: usize = 100;

/// Adds a product behind all others, with its price where one can be computed.
pub(crate) async fn create(State(app): State<AppState>, _: Admin, request: Request) -> Answer {
    let fields: Fields = read_json(request, app.config.request.max_request_size.get()).await?;
    let now = app.clock.now();
    let product = read_new(fields, now)?;
    let id = &product.product_id;
    let mut db = app.store.write().await?;
    if !products::create(&mut db, &product, now).await? {
        return Err(Problem::product_exists().into());
    }
    app.pricing.recompute(&mut db, std::slice::from_ref(id)).await?;
    let stored = products::find(&mut db, id).await?.ok_or_else(|| AppError::unknown_product(id))?;
    db.commit().await?;
    created_at(&format!("/api/products/{id}"), &stored.to_managed())
}

/// Changes what is given. A change of its price rules gives the product its new price in the same transaction.
pub(crate) async fn change(
    State(app): State<AppState>,
    _: Admin,
    ProductInPath(id): ProductInPath,
    request: Request,
) -> Answer {
    let fields: Fields = read_json(request, app.config.request.max_request_size.get()).await?;
    let change = read_change(fields)?;
    let mut db = app.store.write().await?;
    let changed = products::change(&mut db, &id, &change, app.clock.now()).await?;
    changed.ok_or_else(|| AppError::unknown_product(&id))?;
    if change.margin.is_some()
        || change.floor.is_some()
        || change.pinned.is_some()
        || change.is_active == Some(true)
    {
        app.pricing.recompute(&mut db, std::slice::from_ref(&id)).await?;
    }
    let stored = products::find(&mut db, &id).await?.ok_or_else(|| AppError::unknown_product(&id))?;
    db.commit().await?;
    json(&stored.to_managed())
}

/// Takes a product out of the shop. What is known of it stays.
pub(crate) async fn deactivate(
    State(app): State<AppState>,
    _: Admin,
    ProductInPath(id): ProductInPath,
) -> Answer {
    let change = ProductChange { is_active: Some(false), ..ProductChange::default() };
    let mut db = app.store.write().await?;
    let changed = products::change(&mut db, &id, &change, app.clock.now()).await?;
    changed.ok_or_else(|| AppError::unknown_product(&id))?;
    db.commit().await?;
    Ok(nothing())
}

fn read_new(mut fields: Fields, now: UnixMillis) -> Result<StoredProduct, Problem> {
    let product_id = fields.required("product_id", product_id);
    let name = fields.required("name", text(1, MAX_NAME));
    let brand = fields.optional("brand", text(0, MAX_WORDS)).unwrap_or_default();
    let model = fields.nullable("model", text(1, MAX_WORDS)).flatten();
    let category = fields.optional("category", text(0, MAX_WORDS)).unwrap_or_default();
    let last_known = fields.nullable("last_known_paise", paise).flatten().map(|paise| (paise, now));
    let margin = fields.nullable("margin_percent", margin).flatten();
    let floor = fields.nullable("floor_paise", paise).flatten();
    let pinned = fields.nullable("pinned_paise", paise).flatten();
    fields.finish()?;
    // Both are there, or `finish` has told that they are not.
    let (Some(product_id), Some(name)) = (product_id, name) else {
        return Err(Problem::validation(Vec::new()));
    };
    let rule = PriceRule { floor, pinned };
    let position = 0;
    Ok(StoredProduct {
        product_id,
        position,
        name,
        brand,
        model,
        category,
        last_known,
        margin,
        rule,
        is_active: true,
        price: None,
    })
}

fn read_change(mut fields: Fields) -> Result<ProductChange, Problem> {
    if fields.is_empty() {
        return Err(Problem::invalid(Place::Body, "body", "must name at least one field to change"));
    }
    let change = ProductChange {
        name: fields.optional("name", text(1, MAX_NAME)),
        brand: fields.optional("brand", text(0, MAX_WORDS)),
        model: fields.nullable("model", text(1, MAX_WORDS)),
        category: fields.optional("category", text(0, MAX_WORDS)),
        margin: fields.nullable("margin_percent", margin),
        floor: fields.nullable("floor_paise", paise),
        pinned: fields.nullable("pinned_paise", paise),
        is_active: fields.optional("is_active", flag),
    };
    fields.finish()?;
    Ok(change)
}
