//! `GET /api/admin/ratelimit/client`, `POST /api/admin/ratelimit/reset`: who has spent how much at the origin. Through the
//! edge, which has counts of its own, the edge answers these.

use crate::{
    app::{App, AppState},
    http::{
        extract::Admin,
        reply::{Answer, json},
    },
    limit::Name,
};
use axum::extract::{RawQuery, State};
use valora_shared::{
    problem::{ErrorCode, Problem},
    rate::{Named, Who},
    wire::{ClientLimits, LimitsReset},
};

/// How a client's windows stand.
pub(crate) async fn client(State(app): State<AppState>, _: Admin, RawQuery(query): RawQuery) -> Answer {
    let name = named(&app, query.as_deref())?;
    let decision = app.limiter.look(name, app.config.rate.limits(), app.clock.now()).await;
    json(&ClientLimits::new(name.to_string(), &decision))
}

/// Forgets what a client has spent.
pub(crate) async fn reset(State(app): State<AppState>, _: Admin, RawQuery(query): RawQuery) -> Answer {
    let name = named(&app, query.as_deref())?;
    if !app.limiter.reset(name, app.config.rate.limits(), &app.clock).await {
        let detail = "The rate limit's Redis does not answer: only this replica has forgotten.";
        return Err(Problem::new(ErrorCode::LimiterUnavailable, detail).retry_after(1).into());
    }
    let message = "What this client has spent is forgotten at this replica; others learn it within two seconds where they share a Redis.";
    json(&LimitsReset { message, client: name.to_string() })
}

fn named(app: &App, query: Option<&str>) -> Result<Name, Problem> {
    Ok(match Named::parse(query.unwrap_or_default())? {
        Named::Client(client) => app.limiter.name(&Who::Client(client)),
        Named::Hash(digits) => Name::parse(&digits).ok_or_else(Named::not_a_hash)?,
    })
}
