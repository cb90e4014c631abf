//! What happens around every handler, and in which order (design: http.md, "The pipeline and its order").

mod admin;
mod border;
mod cache;
mod conditional;
mod context;
mod cors;
mod deadline;
mod headers;
mod limit;
mod log;
mod panics;
mod problems;
mod rate_headers;
mod size;
mod terms;

use crate::app::{App, AppState};
pub(crate) use admin::admit;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
pub(crate) use border::Border;
use conditional::Condition;
use context::Context;
pub(crate) use headers::SecurityHeaders;
use limit::Standing;
pub(crate) use rate_headers::RateHeaders;

/// The order, outermost first; the way back is the reverse. A request that the edge has signed has 2 to 7 behind it
/// there, and skips them here: nothing meant for one client gets into an answer that many share.
pub(crate) async fn run(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    // 1. Correlation id and timing see everything, whatever ends a request early.
    let context = Context::of(&request);
    // For the lines that are written further in.
    request.extensions_mut().insert(context.correlation_id.clone());
    let (border, mut response) = match border::cross(&app, request).await {
        Ok((border, request)) => (border.clone(), inner(app.clone(), border, request, next).await),
        Err(error) => (Border::Direct, error.into_response()),
    };
    // Error bodies are written late, because they show the correlation id.
    problems::write(&mut response, &context);
    if border == Border::Direct {
        // 2. Security headers are on every answer: errors, preflights and unknown routes, too.
        app.security_headers.set(response.headers_mut());
        // 3. CORS on the way back, so that a page may read an error as well.
        cors::allow(response.headers_mut(), &app.cors, context.origin());
        // 7. How the client stands is told on every answer, those from the cache included, which many share.
        let standing = response.extensions().get::<Standing>().copied();
        limit::tell(response.headers_mut(), &app.rate_headers, standing.as_ref());
    }
    headers::mark(response.headers_mut(), &context);
    // The log line comes last: it shows what was really answered.
    log::write(&app, &response, &context, &border);
    response
}

async fn inner(app: AppState, border: Border, request: Request, next: Next) -> Response {
    match border {
        Border::Direct => {
            // 3. A preflight is answered here: it is the browser's question, not a request for the route.
            if let Some(answer) = cors::preflight(&request, &app.cors) {
                return answer;
            }
            // 5. A body that says it is too large is not read at all.
            if let Some(refusal) = size::refuse(&request, app.config.request.max_request_size.get()) {
                return refusal;
            }
            guarded(app, request, next, true).await
        }
        // Behind the deadline nobody waits for the answer: the work ends, too.
        Border::Signed { deadline, .. } => deadline::kept(deadline, guarded(app, request, next, false)).await,
    }
}

async fn guarded(app: AppState, request: Request, next: Next, is_direct: bool) -> Response {
    // 8. Admin paths are closed before it is asked whether they lead anywhere; the edge's word is not enough.
    if valora_shared::http::is_admin_path(request.uri().path()) {
        let limited = app.clone();
        return counted(&limited, request, |request| panics::caught(admit(State(app), request, next))).await;
    }
    // Handlers and caches answer in whole; what the client has already is left out behind them.
    let condition = Condition::of(request.headers());
    // 6. The response cache: the edge has asked its own.
    let response =
        if is_direct { cache::answered(&app, request, next).await } else { ask(&app, request, next).await };
    condition.apply(response)
}

/// The handler's answer, with what caches are told about it.
async fn ask(app: &App, request: Request, next: Next) -> Response {
    let is_signed = matches!(request.extensions().get(), Some(Border::Signed { .. }));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // Innermost: a panic of a handler becomes an answer that everything above still wraps.
    let mut response = counted(app, request, |request| panics::caught(next.run(request))).await;
    terms::tell(&mut response, &app.lifetimes, &method, &path);
    if is_signed {
        terms::tell_the_edge(&mut response, app.config.events.edge_url.is_some());
    }
    response
}

/// What `answer` says to a request that its client may make, or why not now.
async fn counted<F: Future<Output = Response>>(
    app: &App,
    mut request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    if matches!(request.extensions().get(), Some(Border::Signed { .. })) {
        return answer(request).await;
    }
    let standing = match limit::admit(app, &mut request).await {
        Ok(standing) => standing,
        Err(refusal) => return refusal,
    };
    let mut response = answer(request).await;
    if let Some(standing) = standing {
        response.extensions_mut().insert(standing);
    }
    response
}
