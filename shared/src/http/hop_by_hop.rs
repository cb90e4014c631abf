//! Fields that end at each hop, and what of an origin's answer ends at the edge.

use super::{
    names::{
        CACHE_TAG, CDN_CACHE_CONTROL, CONTENT_DIGEST, CORRELATION_ID, INTERNAL_PREFIX, RESPONSE_TIME,
        SERVER_TIMING, SIGNATURE, SIGNATURE_INPUT, TRACEPARENT,
    },
    security::is_security_header,
};

/// Whether a request field from outside is dropped before it goes on: hop-by-hop fields, our own `X-Valora-*`, and
/// the fields of a signature, which the edge makes itself. `name` in lower case. Fields that `Connection` names are
/// the caller's to add.
pub fn is_dropped_from_outside(name: &str) -> bool {
    let is_of_a_signature = matches!(name, SIGNATURE | SIGNATURE_INPUT | CONTENT_DIGEST);
    is_hop_by_hop(name) || name.starts_with(INTERNAL_PREFIX) || is_of_a_signature
}

/// Whether a field of the origin's answer ends at the edge: hop-by-hop fields, what the edge says itself on every
/// answer, and what was meant for the edge alone (design: cache.md, "Storing"). `name` in lower case.
pub fn is_dropped_from_answer(name: &str) -> bool {
    let meant_for_the_edge =
        matches!(name, CDN_CACHE_CONTROL | CACHE_TAG) || name.starts_with(INTERNAL_PREFIX);
    // The runtime counts the body it sends.
    is_hop_by_hop(name) || is_told_by_the_edge(name) || meant_for_the_edge || name == "content-length"
}

/// What the edge says itself on every answer. `name` in lower case.
pub fn is_told_by_the_edge(name: &str) -> bool {
    matches!(name, CORRELATION_ID | RESPONSE_TIME | SERVER_TIMING | TRACEPARENT | "x-cache" | "cache-status")
        || is_security_header(name)
        || ["access-control-", "ratelimit", "x-ratelimit-"].iter().any(|start| name.starts_with(start))
}

/// RFC 9110 §7.6.1, and the fields that older clients send.
pub fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_here_is_dropped_and_the_rest_goes_on() {
        for name in
            ["connection", "te", "x-valora-client", "transfer-encoding", "signature", "content-digest"]
        {
            assert!(is_dropped_from_outside(name), "{name}");
        }
        for name in ["authorization", "content-type", "x-correlation-id", "traceparent", "x-valor"] {
            assert!(!is_dropped_from_outside(name), "{name}");
        }
    }

    #[test]
    fn what_the_edge_says_itself_is_not_taken_from_the_origin() {
        for name in [
            "access-control-allow-origin",
            "cdn-cache-control",
            "cache-tag",
            "x-correlation-id",
            "ratelimit",
            "x-frame-options",
        ] {
            assert!(is_dropped_from_answer(name), "{name}");
        }
        for name in [
            "content-type",
            "cache-control",
            "etag",
            "location",
            "retry-after",
            "set-cookie",
            "content-security-policy",
        ] {
            assert!(!is_dropped_from_answer(name), "{name}");
        }
    }
}
