//! Admin routes, denied by default: whatever lies under `/api/admin`, routes that do not exist included, is for
//! admins, and so is every other route that the router's table says so of. Each request that gets here is written to
//! the audit, whether it was let through or not; one that the rate limit refuses does not.

use crate::{
    accounts::{
        ClientIdentity,
        audit::{self, Action, NOBODY},
        authenticate,
    },
    app::{App, AppState},
    error::AppError,
    http::{Admin, finish::to_the_end},
};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap};
use valora_shared::id::CorrelationId;

/// Lets an admin through and nobody else.
pub(crate) async fn admit(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let action = action(&request);
    let done = to_the_end(async move {
        let (who, response) = match principal(&app, request.headers(), request.extensions()).await {
            Ok((who, admin)) => {
                request.extensions_mut().insert(admin);
                (who, super::panics::caught(next.run(request)).await)
            }
            Err((who, refusal)) => (who, refusal.into_response()),
        };
        audit::write(&app, action, &who, response.status().as_u16()).await;
        response
    });
    done.await.unwrap_or_else(IntoResponse::into_response)
}

/// The admin who asks, or why nobody gets through, each with whom the audit names.
async fn principal(
    app: &App,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<(String, Admin), (String, AppError)> {
    let principal = authenticate(app, headers, extensions).await;
    let principal = principal.map_err(|refusal| (NOBODY.to_owned(), refusal))?;
    match Admin::of(&principal) {
        Ok(admin) => Ok((principal.name(), admin)),
        Err(refusal) => Err((principal.name(), refusal)),
    }
}

fn action(request: &Request) -> Action {
    let path = match request.extensions().get::<MatchedPath>() {
        Some(_) => request.uri().path(),
        None => "unknown",
    };
    Action {
        what: format!("{} {path}", request.method()),
        client: ClientIdentity::of(request.extensions()),
        correlation_id: request.extensions().get::<CorrelationId>().cloned(),
    }
}
