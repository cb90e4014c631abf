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
    rate::Named,
    wire::{ClientLimits, LimitsReset},
};

/// How a client's windows stand.
pub(crate) async fn client(State(app): State<AppState>, _: Admin, RawQuery(query): RawQuery) -> Answer {
    let name = name(&app, &Named::parse(query.as_deref().unwrap_or_default())?)?;
    let decision = app.limiter.look(name, app.config.rate.limits(), app.clock.now()).await;
    json(&ClientLimits::new(name.to_string(), &decision))
}

/// Forgets what a client has spent.
pub(crate) async fn reset(State(app): State<AppState>, _: Admin, RawQuery(query): RawQuery) -> Answer {
    let named = Named::parse(query.as_deref().unwrap_or_default())?;
    let name = name(&app, &named)?;
    let all = named.all(&app.config.rate).map(|all| all.iter().map(|who| app.limiter.name(who)).collect());
    let all: Vec<Name> = all.unwrap_or_else(|_| vec![name]);
    if !app.limiter.reset(&all, app.config.rate.limits(), &app.clock).await {
        let detail = "The rate limit's Redis does not answer: only this replica has forgotten.";
        return Err(Problem::new(ErrorCode::LimiterUnavailable, detail).retry_after(1).into());
    }
    let message = "What this client has spent is forgotten at this replica; others learn it within two seconds where they share a Redis.";
    json(&LimitsReset { message, client: name.to_string() })
}

fn name(app: &App, named: &Named) -> Result<Name, Problem> {
    match named.client() {
        Ok(client) => Ok(app.limiter.name(&client)),
        Err(hash) => Name::parse(hash).ok_or_else(Named::not_a_hash),
    }
}
