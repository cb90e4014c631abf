//! A body with what caches know it by.

use super::tags::Tags;
use axum::{body::Body, response::Response};
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};
use valora_shared::http::names::CACHE_TAG;

/// The name of the field for tags.
pub(crate) const CACHE_TAG_NAME: HeaderName = HeaderName::from_static(CACHE_TAG);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Of a SHA-256: 96 bits tell any two bodies of one resource apart.
const ETAG_BYTES: usize = 12;

/// JSON text, its entity-tag and its tags, ready to be sent any number of times; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Representation {
    body: Bytes,
    etag: HeaderValue,
    tags: HeaderValue,
}

impl Representation {
    pub(crate) fn new(body: Bytes, tags: &Tags) -> Self {
        Self { etag: entity_tag(&body), tags: tags.to_value(), body }
    }

    /// As an answer. For how long it may be kept is told by `pipeline`, which knows the path.
    pub(crate) fn answer(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::ETAG, self.etag);
        headers.insert(CACHE_TAG_NAME, self.tags);
        response
    }
}

/// A strong entity-tag (RFC 9110 §8.8.3): equal for equal bytes, on every replica.
pub(crate) fn entity_tag(body: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(body);
    let text = format!("\"{}\"", BASE64URL_NOPAD.encode(digest.get(..ETAG_BYTES).unwrap_or(&digest)));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_is_strong_and_the_bytes_own() {
        // The same everywhere and after an update: what the edge holds is checked by it.
        assert_eq!(entity_tag(b"{}"), "\"RBNvo1WzZ4oRRq0W\"");
        assert_ne!(entity_tag(b"{}"), entity_tag(b"{} "));
    }
}
