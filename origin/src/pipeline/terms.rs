//! What caches are told about an answer (design: cache.md, "What the origin says").

use crate::http::representation::CACHE_TAG_NAME;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use valora_shared::{
    cache::{Lifetimes, is_cached_route},
    http::names::CDN_CACHE_CONTROL,
};

const CDN_CACHE_CONTROL_NAME: HeaderName = HeaderName::from_static(CDN_CACHE_CONTROL);
/// Browsers ask each time: nobody could purge them.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
/// Nothing announces that a route begins to exist, so only time ends this, and nothing is served beyond it. A minute
/// is what a deployment takes, and spares the origin a client that asks for the same wrong path again and again.
const UNKNOWN_ROUTE: HeaderValue = HeaderValue::from_static("max-age=60");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Says for how long an answer may be kept: what carries tags, until they are purged and no longer than its path's
/// row of the table. What is told nothing here, gets `no-store` from `headers::mark`.
pub(super) fn tell(response: &mut Response, lifetimes: &Lifetimes, method: &Method, path: &str) {
    let status = response.status();
    let headers = response.headers_mut();
    if is_cached_route(method.as_str(), path, false).is_err() {
        headers.remove(CACHE_TAG_NAME);
        return;
    }
    let for_caches = match (status, headers.contains_key(CACHE_TAG_NAME)) {
        (StatusCode::OK | StatusCode::NOT_FOUND, true) => for_seconds(lifetimes.seconds(path)),
        (StatusCode::NOT_FOUND, false) => UNKNOWN_ROUTE,
        _ => return,
    };
    headers.insert(header::CACHE_CONTROL, NO_CACHE);
    headers.insert(CDN_CACHE_CONTROL_NAME, for_caches);
}

/// What the edge is told otherwise: one that is told of no purges keeps nothing longer than five seconds.
pub(super) fn tell_the_edge(response: &mut Response, is_told_of_purges: bool) {
    const FIVE_SECONDS: HeaderValue = HeaderValue::from_static("max-age=5");
    let headers = response.headers_mut();
    if !is_told_of_purges && headers.contains_key(CDN_CACHE_CONTROL_NAME) {
        headers.insert(CDN_CACHE_CONTROL_NAME, FIVE_SECONDS);
    }
}

fn for_seconds(seconds: u32) -> HeaderValue {
    if seconds == 0 {
        return NO_STORE;
    }
    let text = format!("max-age={seconds}, stale-while-revalidate=60, stale-if-error=86400");
    HeaderValue::from_str(&text).unwrap_or(NO_STORE)
}
