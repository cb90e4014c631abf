//! An answer that is kept.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use valora_shared::{
    cache::{CacheKey, PurgeTarget, Stored, slot_of},
    problem::Problem,
    time::UnixMillis,
};

/// What an entry takes beside its texts, roughly.
const FIXED_BYTES: u64 = 1_024;
/// Room for what an answer gets on its way out, so that its map does not grow on the way.
const MOST_HEADERS: usize = 24;

/// An answer, ready to be given again.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Everything about it but its body.
    pub(crate) stored: Stored,
    pub(crate) content: Content,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is kept of a body.
#[derive(Debug)]
pub(crate) enum Content {
    /// Its bytes.
    Body(Bytes),
    /// What went wrong: the body of an error is written anew for each request, whose correlation id it shows.
    Problem(Problem),
}

impl Entry {
    /// None where a field is no header.
    pub(crate) fn new(stored: Stored, content: Content) -> Option<Self> {
        let header = |(name, value): &(String, String)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
        };
        let headers = stored.fields.iter().map(header).collect::<Option<_>>()?;
        StatusCode::from_u16(stored.status).ok()?;
        Some(Self { stored, content, headers })
    }

    /// The answer, as old as it is.
    pub(crate) fn answer(&self, now: UnixMillis) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::from_u16(self.stored.status).unwrap_or_default();
        let mut headers = HeaderMap::with_capacity(MOST_HEADERS);
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        headers.insert(header::AGE, HeaderValue::from(self.stored.age_seconds(now)));
        *response.headers_mut() = headers;
        match &self.content {
            Content::Body(body) => *response.body_mut() = Body::from(body.clone()),
            Content::Problem(problem) => _ = response.extensions_mut().insert(problem.clone()),
        }
        response
    }

    /// Bytes of memory, roughly: its fields are there twice.
    pub(super) fn weight(&self) -> u64 {
        let fields = self.stored.fields.iter().map(|(name, value)| 2 * (name.len() + value.len()) + 100);
        let body = match &self.content {
            Content::Body(body) => body.len(),
            Content::Problem(problem) => problem.detail.len(),
        };
        u64::try_from(fields.sum::<usize>() + body).unwrap_or(u64::MAX).saturating_add(FIXED_BYTES)
    }

    /// Whether a purge of `target` means this entry, which is kept under `key`.
    pub(super) fn is_meant(&self, key: &CacheKey, target: &PurgeTarget) -> bool {
        match target {
            PurgeTarget::Tag(tag) => self.stored.slots.contains(&slot_of(tag)),
            target => target.matches(key.as_str()),
        }
    }
}
