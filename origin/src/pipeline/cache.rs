//! The origin's own response cache: by shared's rules, with what [`crate::cache`] keeps. Requests that the edge has signed
//! do not come here: the edge has its own.

use super::headers::X_CACHE_NAME;
use crate::{
    app::{App, AppState},
    cache::{Content, Entry, Outcome, Purged},
    error::{AppError, Cause},
};
use axum::{
    body::{Body, HttpBody as _, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, header};
use std::sync::Arc;
use valora_shared::{
    cache::{
        Answered, Asked, Bypass, CacheKey, Fields, Keeping, Policy, RequestControl, Reuse, Stored,
        is_cached_route, path_of, slots,
    },
    events::PurgeMode,
    http::names::CACHE_TAG,
    problem::{ErrorCode, Problem},
    time::UnixMillis,
};

/// A longer body is passed on and not kept.
const MAX_BODY_BYTES: usize = 1 << 20;

/// What is asked for, and how.
struct Wanted {
    key: CacheKey,
    control: RequestControl,
}

/// Answers from what is kept, or else asks and keeps. What only fails now is answered by what held until now.
///
/// Nothing is served while a new answer is fetched behind it (stale-while-revalidate): here the new one takes a query.
pub(super) async fn answered(app: &AppState, mut request: Request, next: Next) -> Response {
    let wanted = match Wanted::of(app, &request) {
        Ok(wanted) => wanted,
        Err(bypass) => {
            // What nobody would keep is no request to a cache.
            if bypass == Bypass::Credentials {
                app.cache.counts.add(Outcome::Bypass);
            }
            return super::ask(app, request, next).await;
        }
    };
    let (purges, found) = tokio::join!(app.cache.purges(&app.store), app.cache.find(&wanted.key));
    let sent_at = app.clock.now();
    let mut fallback = None;
    if let Some(entry) = &found {
        match wanted.reuse(&entry.stored, sent_at, &purges) {
            Reuse::Fresh => return marked(app, Outcome::Hit, entry.answer(sent_at)),
            Reuse::WhileRevalidate | Reuse::Revalidate { may_serve_on_error: true } => fallback = Some(entry),
            Reuse::Revalidate { may_serve_on_error: false } | Reuse::Gone => {}
        }
    }
    if let (false, Some(entry)) = (purges.is_of_now, fallback) {
        // The database was asked what was purged, and did not answer: it would not answer the handler either.
        return marked(app, Outcome::Stale, entry.answer(sent_at));
    }
    if wanted.control.only_if_cached {
        let detail = "Nothing is kept that may answer this.";
        let answer = AppError::from(Problem::new(ErrorCode::NotCached, detail)).into_response();
        return marked(app, Outcome::Miss, answer);
    }
    if request.method() == Method::HEAD {
        // They share an entry; what a HEAD must not have, the router takes off.
        *request.method_mut() = Method::GET;
    }
    let response = super::ask(app, request, next).await;
    if let (true, Some(entry)) = (response.status().is_server_error(), fallback) {
        let mut stale = entry.answer(sent_at);
        if let Some(cause) = response.extensions().get::<Cause>() {
            // The log says why all the same.
            stale.extensions_mut().insert(cause.clone());
        }
        return marked(app, Outcome::Stale, stale);
    }
    if !purges.is_of_now {
        return marked(app, Outcome::Miss, response);
    }
    let (response, entry) = kept(app, wanted, response, sent_at, purges.epochs.epoch()).await;
    let etag = |entry: &Entry| Fields(&entry.stored.fields).get("etag").map(str::to_owned);
    let is_the_same = match (&found, &entry) {
        (Some(before), Some(after)) => etag(before).is_some() && etag(before) == etag(after),
        _ => false,
    };
    marked(app, if is_the_same { Outcome::Revalidated } else { Outcome::Miss }, response)
}

impl Wanted {
    fn of(app: &App, request: &Request) -> Result<Self, Bypass> {
        let headers = request.headers();
        let path = request.uri().path();
        let control =
            RequestControl::parse(text(headers, &header::CACHE_CONTROL), text(headers, &header::PRAGMA));
        is_cached_route(request.method().as_str(), path, headers.contains_key(header::AUTHORIZATION))?;
        let target = request.uri().path_and_query().map_or(path, |target| target.as_str());
        let key = CacheKey::from_url(target).map_err(|_| Bypass::Route)?;
        // no-store keeps an answer out of every cache, and so does a cache that is turned off.
        if control.no_store || !app.cache.is_on() {
            return Err(Bypass::Credentials);
        }
        Ok(Self { key, control })
    }

    /// Whether and how an entry answers, by the purges of now; where those are not known, it is not believed.
    fn reuse(&self, stored: &Stored, now: UnixMillis, Purged { epochs, is_of_now }: &Purged) -> Reuse {
        let purged = match epochs.verdict(&stored.slots, self.key.as_str(), stored.epoch) {
            Some(PurgeMode::Hard) => Some(PurgeMode::Hard),
            _ if !is_of_now => Some(PurgeMode::Revalidate),
            // From a time that the database does not know of: an older one was put back.
            _ if stored.epoch > epochs.epoch() => Some(PurgeMode::Hard),
            purged => purged,
        };
        stored.reuse(now, &self.control, purged).0
    }
}

/// Keeps an answer where its terms allow it, and gives it on.
async fn kept(
    app: &App,
    wanted: Wanted,
    response: Response,
    sent_at: UnixMillis,
    epoch: u64,
) -> (Response, Option<Arc<Entry>>) {
    let fields = fields(response.headers());
    let asked = Asked {
        method: "GET",
        path: path_of(wanted.key.as_str()),
        has_authorization: false,
        control: wanted.control,
    };
    let (status, received_at) = (response.status().as_u16(), app.clock.now());
    let answered = Answered { status, fields: Fields(&fields), sent_at, received_at };
    let Ok(keeping) = Keeping::decide(Policy::Shop(&app.lifetimes), &asked, &answered) else {
        return (response, None);
    };
    // Nothing here varies: a kind of answer that one day does is not kept.
    let is_short = response.body().size_hint().upper().is_some_and(|bytes| bytes <= MAX_BODY_BYTES as u64);
    if !keeping.vary.is_empty() || !is_short {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        // It is a body in memory of known length: reading it cannot fail.
        return (Response::from_parts(parts, Body::empty()), None);
    };
    let slots = slots(Fields(&fields).get(CACHE_TAG));
    let identity_bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let stored = Stored {
        status,
        fields,
        sent_at,
        received_at,
        keeping,
        epoch,
        slots,
        is_gzip: false,
        identity_bytes,
    };
    let content = match parts.extensions.get::<Problem>() {
        Some(problem) => Content::Problem(problem.clone()),
        None => Content::Body(body.clone()),
    };
    let entry = Entry::new(stored, content).map(Arc::new);
    if let Some(entry) = &entry {
        app.cache.keep(wanted.key, entry);
    }
    (Response::from_parts(parts, Body::from(body)), entry)
}

/// The fields as they are kept: the length is told by whoever sends the body.
fn fields(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        if *name != header::CONTENT_LENGTH {
            fields.push((name.as_str().to_owned(), value.to_owned()));
        }
    }
    fields
}

fn marked(app: &App, outcome: Outcome, mut response: Response) -> Response {
    app.cache.counts.add(outcome);
    response.headers_mut().insert(X_CACHE_NAME, HeaderValue::from_static(outcome.as_str()));
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
