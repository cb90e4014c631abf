//! `GET /api/products/{id}/price`, `GET /api/price/{id}`, `POST /api/price`.

use super::{
    extract::{ProductInPath, read_json},
    reply::{Answer, cacheable, json},
    tags::Tags,
};
use crate::{
    accounts::{
        ClientIdentity,
        audit::{self, Action},
        authenticate,
    },
    app::{App, AppState},
    asking,
    error::AppError,
    http::finish::to_the_end,
    pricing::{Computed, NoPrice},
    store::{
        StoreError,
        observations::Observation,
        products::{self, PageOf, StoredProduct},
    },
};
use axum::extract::{Request, State};
use http::{Extensions, HeaderMap};
use serde_json::value::RawValue;
use sqlx::SqliteConnection;
use valora_shared::{
    id::{CorrelationId, ProductId},
    money::{Margin, Paise, Rupees},
    problem::{FieldError, Place, Problem},
    wire::{FetchedPrice, PriceAnswer, PriceOfProduct, PriceRequest, Product, RawQuote, SourcePrice},
};

/// Up to this many active products, an answer lists them all (design: http.md).
const MAX_LISTED: usize = 60;

/// The newest recorded price with the sources behind it.
pub(crate) async fn of_product(State(app): State<AppState>, ProductInPath(id): ProductInPath) -> Answer {
    let mut db = app.store.read().await?;
    let product = offered(&mut db, &id).await?;
    let tags = Tags::product(&id);
    let answer = match (&product.price, product.last_known) {
        (Some(price), _) => PriceOfProduct {
            display_price: Rupees(price.display),
            product_id: id.clone(),
            lowest_paise: price.lowest,
            margin_percent: price.margin,
            supporting_adapters: price.supporters.iter().map(|by| by.source.clone()).collect(),
            all_sources: sources(&app.pricing.counting(&mut db, &id).await?),
        },
        (None, Some((paise, _))) => PriceOfProduct {
            display_price: Rupees(paise),
            product_id: id,
            lowest_paise: paise,
            margin_percent: Margin::default(),
            supporting_adapters: Vec::new(),
            all_sources: Vec::new(),
        },
        (None, None) => return Err(AppError::no_price(&id, NoPrice::NothingKnown)),
    };
    cacheable(&answer, &tags)
}

/// The newest recorded price; computed now, and recorded, where there is none yet. A `margin_percent` in the query
/// is accepted and ignored: this route always shows the product's own.
pub(crate) async fn latest(State(app): State<AppState>, ProductInPath(id): ProductInPath) -> Answer {
    let mut db = app.store.read().await?;
    let product = offered(&mut db, &id).await?;
    let Some(price) = &product.price else {
        drop(db);
        let (answer, tags) = computed_answer(&app, &id, None).await?;
        return cacheable(&answer, &tags);
    };
    let (products, tags) = listed(&mut db, &product).await?;
    let answer = PriceAnswer {
        display_price: Rupees(price.display),
        fetched: fetched(&app.pricing.counting(&mut db, &id).await?),
        products,
    };
    cacheable(&answer, &tags)
}

/// A price computed now, with the margin asked for or the product's own. An admin's margin is recorded, too.
pub(crate) async fn now(State(app): State<AppState>, request: Request) -> Answer {
    let asker = Asker::of(&request);
    let body: PriceRequest = read_json(request, app.config.request.max_request_size.get()).await?;
    let (id, margin) = read_body(&body)?;
    asking::for_request(&app, &id).await?;
    if let Some(margin) = margin
        && let Some(admin) = asker.admin(&app).await
    {
        return to_the_end(async move {
            let answer = answer_by_admin(&app, &id, margin).await;
            let status = answer.as_ref().map_or_else(AppError::status, |_| 200);
            audit::write(&app, asker.action, &admin, status).await;
            json(&answer?)
        })
        .await?;
    }
    json(&computed_answer(&app, &id, margin).await?.0)
}

async fn answer_by_admin(app: &App, id: &ProductId, margin: Margin) -> Result<PriceAnswer, AppError> {
    let computed = app.pricing.price_by_admin(&app.store, id, margin).await?;
    Ok(answer(app, id, computed).await?.0)
}

/// Who asks, for the one thing that makes a difference.
struct Asker {
    headers: HeaderMap,
    extensions: Extensions,
    action: Action,
}

impl Asker {
    fn of(request: &Request) -> Self {
        let action = Action {
            what: "POST /api/price".to_owned(),
            client: ClientIdentity::of(request.extensions()),
            correlation_id: request.extensions().get::<CorrelationId>().cloned(),
        };
        Self { headers: request.headers().clone(), extensions: request.extensions().clone(), action }
    }

    /// The admin's name. The route is for everybody: a credential that is not believed is none, since storefronts
    /// send theirs after it ended, too.
    async fn admin(&self, app: &App) -> Option<String> {
        let principal = authenticate(app, &self.headers, &self.extensions).await.ok()?;
        principal.is_admin().then(|| principal.name())
    }
}

async fn computed_answer(
    app: &App,
    id: &ProductId,
    margin: Option<Margin>,
) -> Result<(PriceAnswer, Tags), AppError> {
    let computed = app.pricing.price_now(&app.store, id, margin).await?;
    answer(app, id, computed).await
}

async fn answer(
    app: &App,
    id: &ProductId,
    computed: Result<Computed, NoPrice>,
) -> Result<(PriceAnswer, Tags), AppError> {
    let computed = computed.map_err(|reason| AppError::no_price(id, reason))?;
    let mut db = app.store.read().await?;
    // Read again: it may have been recorded just now.
    let product = offered(&mut db, id).await?;
    let (products, tags) = listed(&mut db, &product).await?;
    let fetched = fetched(&computed.observations);
    Ok((PriceAnswer { display_price: Rupees(computed.display), fetched, products }, tags))
}

async fn offered(db: &mut SqliteConnection, id: &ProductId) -> Result<StoredProduct, AppError> {
    let found = products::find(db, id).await?;
    found.filter(|product| product.is_active).ok_or_else(|| AppError::unknown_product(id))
}

/// All active products where they are few, else the one asked for; and what an answer with it shows.
async fn listed(
    db: &mut SqliteConnection,
    asked: &StoredProduct,
) -> Result<(Vec<Product>, Tags), StoreError> {
    let all = products::page(db, &PageOf::default(), MAX_LISTED + 1).await?;
    let tags = Tags::product(&asked.product_id);
    Ok(if all.len() > MAX_LISTED {
        (vec![asked.to_wire()], tags)
    } else {
        (all.iter().map(StoredProduct::to_wire).collect(), tags.and(&Tags::list()))
    })
}

fn read_body(body: &PriceRequest) -> Result<(ProductId, Option<Margin>), Problem> {
    let mut faults = Vec::new();
    let mut fault = |field: &'static str, message: String| {
        faults.push(FieldError { field: field.into(), message, place: Place::Body });
    };
    let id = read_id(body.product_id.as_deref()).map_err(|message| fault("product_id", message)).ok();
    let margin = body.margin_percent.as_deref().map(Margin::from_json).transpose();
    let margin = margin.map_err(|error| fault("margin_percent", error.to_string())).ok();
    match (id, margin) {
        (Some(id), Some(margin)) => Ok((id, margin)),
        _ => Err(Problem::validation(faults)),
    }
}

fn read_id(value: Option<&RawValue>) -> Result<ProductId, String> {
    let value = value.ok_or("is required")?;
    let text: String = serde_json::from_str(value.get()).map_err(|_| "must be a string")?;
    ProductId::parse(&text).map_err(|error| error.to_string())
}

fn sources(observations: &[Observation]) -> Vec<SourcePrice> {
    with_price(observations)
        .map(|(observation, paise)| SourcePrice {
            adapter: observation.source.clone(),
            product_id: observation.product_id.clone(),
            paise,
            confidence: observation.confidence,
            raw: raw(observation),
        })
        .collect()
}

fn fetched(observations: &[Observation]) -> Vec<FetchedPrice> {
    with_price(observations)
        .map(|(observation, paise)| FetchedPrice {
            adapter: observation.source.clone(),
            paise,
            rupees: Rupees(paise),
            confidence: observation.confidence,
            raw: raw(observation),
        })
        .collect()
}

fn with_price(observations: &[Observation]) -> impl Iterator<Item = (&Observation, Paise)> {
    observations.iter().filter_map(|observation| Some((observation, observation.paise?)))
}

fn raw(observation: &Observation) -> RawQuote {
    RawQuote { kind: observation.kind.clone(), observed_at: observation.observed_at }
}
