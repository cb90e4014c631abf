//! `POST /api/products/{id}/observations`: a source tells its price by itself.

use super::{
    extract::{
        Fields, ProductInPath, Teller,
        fields::{paise, text},
        read_json,
    },
    reply::{Answer, created},
};
use crate::{
    accounts::{
        ClientIdentity,
        audit::{self, Action},
    },
    app::{App, AppState},
    error::AppError,
    http::finish::to_the_end,
    pricing::Computed,
    sources::SourceKind,
    store::{
        observations::{self, KIND_PUSH, Observation},
        products,
    },
};
use axum::extract::{Request, State};
use serde_json::value::RawValue;
use valora_shared::{
    id::{CorrelationId, ProductId},
    money::Paise,
    prices::{Confidence, MILLIS_PER_HOUR},
    problem::Problem,
    time::UnixMillis,
    trust::MAX_CLOCK_SKEW_SECONDS,
    wire::{ObservationTold, PriceNow, StoredObservation},
};

/// Stores what a source says and computes what the product costs now.
pub(crate) async fn tell(
    State(app): State<AppState>,
    teller: Teller,
    ProductInPath(id): ProductInPath,
    request: Request,
) -> Answer {
    let Some(who) = teller.admin_name() else { return told(&app, &teller, id, request).await };
    let action = action(&request, &id);
    to_the_end(async move {
        let answer = told(&app, &teller, id, request).await;
        let status = answer.as_ref().map_or_else(AppError::status, |response| response.status().as_u16());
        audit::write(&app, action, &who, status).await;
        answer
    })
    .await?
}

async fn told(app: &App, teller: &Teller, id: ProductId, request: Request) -> Answer {
    let fields: Fields = read_json(request, app.config.request.max_request_size.get()).await?;
    let word = read_body(app, &id, fields)?;
    teller.check(&word.source)?;
    let mut db = app.store.write().await?;
    let product = products::find(&mut db, &id).await?;
    if !product.is_some_and(|product| product.is_active) {
        return Err(AppError::unknown_product(&id));
    }
    observations::tell(&mut db, vec![word.clone()], app.clock.now()).await?;
    db.commit().await?;
    let computed = app.pricing.price_now(&app.store, &id, None).await?;
    created(&ObservationTold {
        observation: StoredObservation {
            product_id: id,
            source: word.source,
            paise: word.paise.unwrap_or(Paise(0)),
            confidence: word.confidence,
            observed_at: word.observed_at,
        },
        price: computed.ok().as_ref().map(to_wire),
    })
}

fn to_wire(computed: &Computed) -> PriceNow {
    PriceNow {
        display_paise: computed.display,
        display_price_readable: computed.display.readable(),
        lowest_paise: computed.lowest,
        margin_percent: computed.margin,
        supporting_adapters: computed.supporters.iter().map(|by| by.source.clone()).collect(),
        is_held: computed.suspicious.is_some(),
    }
}

/// A source that the sources file declares has its confidence and shipping; any other is believed as far as pushed
/// prices are by default: whoever made its key, or is an admin, has vouched for it.
fn read_body(app: &App, id: &ProductId, mut fields: Fields) -> Result<Observation, Problem> {
    let now = app.clock.now();
    let source = fields.required("source", source_name);
    let told = fields.required("price_paise", paise);
    let observed_at =
        fields.nullable("observed_at", |value| time(value, now, app.pricing.max_age_hours)).flatten();
    let declared = source.as_deref().and_then(|name| app.sources.get(name)).map(|source| &source.spec);
    if declared.is_some_and(|spec| !matches!(spec.kind, SourceKind::Push)) {
        fields.fault("source", "is a source that is asked, not told (SOURCES_FILE)");
    }
    let shipping = declared.map_or(0, |spec| spec.shipping.0);
    let whole = told.map(|paise| Paise(paise.0.saturating_add(shipping)));
    if whole.is_some_and(|paise| paise > Paise::MAX_PRICE) {
        fields.fault("price_paise", format!("must be at most {} with shipping", Paise::MAX_PRICE.0));
    }
    fields.finish()?;
    Ok(Observation {
        product_id: id.clone(),
        source: source.unwrap_or_default(),
        number: 0,
        kind: KIND_PUSH.to_owned(),
        paise: whole,
        confidence: declared.map_or(Confidence::IMPORTED, |spec| spec.confidence),
        observed_at: observed_at.unwrap_or(now),
    })
}

/// The alphabet of `valora-origin key create --source`.
fn source_name(value: &RawValue) -> Result<String, String> {
    let name = text(1, 50)(value)?;
    ProductId::parse(&name).map(|_| name).map_err(|error| error.to_string())
}

fn time(value: &RawValue, now: UnixMillis, max_age_hours: u64) -> Result<UnixMillis, String> {
    let text: String = serde_json::from_str(value.get()).map_err(|_| "must be a string")?;
    let at =
        UnixMillis::parse_rfc3339(&text).ok_or("must be an RFC 3339 time, such as 2026-09-21T14:13:20Z")?;
    if at.since(now) > MAX_CLOCK_SKEW_SECONDS * 1_000 {
        return Err(format!("must be at most {MAX_CLOCK_SKEW_SECONDS} s in the future"));
    }
    let max_age_ms = i64::try_from(max_age_hours).unwrap_or(i64::MAX).saturating_mul(MILLIS_PER_HOUR);
    if now.since(at) > max_age_ms {
        return Err(format!("must be at most {max_age_hours} h old (PRICE_MAX_AGE_HOURS)"));
    }
    Ok(at)
}

fn action(request: &Request, id: &ProductId) -> Action {
    Action {
        what: format!("POST /api/products/{id}/observations"),
        client: ClientIdentity::of(request.extensions()),
        correlation_id: request.extensions().get::<CorrelationId>().cloned(),
    }
}
