//! The rate limit: what the cache did not answer costs its client, and a request that its client has nothing left for ends
//! here. Requests that the edge has signed do not come here: the edge has counted them.

use super::rate_headers::RateHeaders;
use crate::{
    accounts::{authenticate, peer},
    app::App,
    error::AppError,
    limit::{Name, Outcome},
};
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use valora_shared::{
    account::{Role, client_network},
    config::RateMode,
    id::CorrelationId,
    problem::{ErrorCode, Problem},
    rate::{Decision, Limits, Payer, Policy, Usage, is_probe, is_watched},
    trust::Client,
};

/// How the client of a request stands. An extension of its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// What logs call it.
    pub(super) client: Name,
    policy: Policy,
    limits: Limits,
    /// Its windows, where they bind.
    usage: Option<[Usage; 3]>,
}

/// Lets through what its client may ask for, with how that one stands; nothing of those who are exempt.
///
/// # Errors
/// The 429.
pub(super) async fn admit(app: &App, request: &mut Request) -> Result<Option<Standing>, Response> {
    let rate = &app.config.rate;
    let (method, path) = (request.method().as_str(), request.uri().path());
    if is_watched(method, path)
        || is_probe(method, path)
        || rate.rate_limit_exempt.contains(peer(request.extensions()))
    {
        return Ok(None);
    }
    let (policy, cost) = (Policy::of(method, path), rate.rate_limit_costs.of(method, path));
    let (owner, role) = recognise(app, request).await;
    let payers = Payer::all(rate, policy, owner, role, client_network(peer(request.extensions())));
    let Some(Outcome { client, limits, standing }) = app.limiter.spend(payers, cost, app.clock.now()).await
    else {
        return Ok(None);
    };
    let standing = match standing {
        Ok(usage) => Standing { client, policy, limits, usage: Some(usage) },
        Err(decision) if rate.rate_limit_mode == RateMode::Shadow => {
            log_shadow(request, client, &decision);
            Standing { client, policy, limits, usage: None }
        }
        Err(decision) => return Err(refuse(client, policy, limits, &decision)),
    };
    Ok(Some(standing))
}

/// Says on an answer how much its client may ask for, and how much of it is left where that was counted.
pub(super) fn tell(headers: &mut HeaderMap, defaults: &RateHeaders, standing: Option<&Standing>) {
    match standing {
        Some(Standing { policy, limits, usage, .. }) => {
            defaults.or_of(*policy, limits).set(headers);
            if let Some(usage) = usage {
                RateHeaders::set_remaining(headers, *policy, usage);
            }
        }
        None => defaults.set(headers),
    }
}

/// Whose credential a request carries, where that is an identity, and what it makes its owner. One that is not believed
/// is none: its client is the address. Handlers find the principal in the extensions and do not ask the database again.
async fn recognise(app: &App, request: &mut Request) -> (Option<Client>, Option<Role>) {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return (None, None);
    }
    let Ok(principal) = authenticate(app, request.headers(), request.extensions()).await else {
        return (None, None);
    };
    let known = (Some(principal.client()), principal.role());
    request.extensions_mut().insert(principal);
    known
}

fn refuse(client: Name, policy: Policy, limits: Limits, decision: &Decision) -> Response {
    let problem = Problem::rate_limited(decision, policy, &limits)
        .unwrap_or_else(|| Problem::new(ErrorCode::RateLimitExceeded, "Too many requests."));
    let mut response = AppError::from(problem).into_response();
    // What is left of its address's ceiling is not what is left of its own.
    let usage = decision.is_under(&limits).then_some(decision.usage);
    response.extensions_mut().insert(Standing { client, policy, limits, usage });
    response
}

fn log_shadow(request: &Request, client: Name, decision: &Decision) {
    tracing::warn!(
        correlation_id = request.extensions().get::<CorrelationId>().map(CorrelationId::as_str),
        %client,
        path = request.uri().path(),
        wait_ms = decision.verdict.wait_ms(),
        "the rate limit would refuse"
    );
}
