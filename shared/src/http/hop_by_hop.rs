//! Fields that end at each hop.

use super::names::INTERNAL_PREFIX;

/// Whether a request field from outside is dropped before it goes on: hop-by-hop fields (RFC 9110 §7.6.1) and
/// our own `X-Valora-*`. `name` in lower case. Fields that `Connection` names are the caller's to add.
pub fn is_dropped_from_outside(name: &str) -> bool {
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
    ) || name.starts_with(INTERNAL_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_here_is_dropped_and_the_rest_goes_on() {
        for name in ["connection", "te", "x-valora-client", "transfer-encoding"] {
            assert!(is_dropped_from_outside(name), "{name}");
        }
        for name in ["authorization", "content-type", "x-correlation-id", "traceparent", "x-valor"] {
            assert!(!is_dropped_from_outside(name), "{name}");
        }
    }
}
