//! The signature base (RFC 9421 §2.5) and its HMAC.

use super::{Client, KeyRing, Nonce, SharedSecret, content_digest};
use crate::id::CorrelationId;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write as _;

/// The label under which the signature stands in Signature-Input and Signature.
pub(super) const LABEL: &str = "valora";

/// Which way a message goes; each has its own tag, so that no message can be turned round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The edge's requests.
    EdgeToOrigin,
    /// The origin's events.
    OriginToEdge,
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Path as sent.
    pub path: &'a str,
    /// Query as sent, without the question mark; empty when there is none.
    pub query: &'a str,
    /// Whom it speaks for; the edge's requests only.
    pub client: Option<&'a Client>,
    /// The request's id.
    pub correlation_id: &'a CorrelationId,
    /// The body; `None` when there is none.
    pub body: Option<&'a [u8]>,
}

/// The fields that carry a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Signature-Input.
    pub signature_input: String,
    /// Signature.
    pub signature: String,
    /// Content-Digest, when there is a body.
    pub content_digest: Option<String>,
}

impl Profile {
    /// `tag` in the parameters.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::EdgeToOrigin => "valora-edge",
            Self::OriginToEdge => "valora-origin",
        }
    }

    /// The components with their values, in the profile's order.
    pub(super) fn components<'a>(
        self,
        message: &Message<'a>,
        digest: Option<&'a str>,
    ) -> Vec<(&'static str, String)> {
        let mut components = vec![
            ("@method", message.method.to_owned()),
            ("@path", message.path.to_owned()),
            // The question mark belongs to the value, and stands alone when there is no query (§2.2.7).
            ("@query", format!("?{}", message.query)),
        ];
        if self == Self::EdgeToOrigin {
            components.push(("x-valora-client", message.client.map(Client::to_string).unwrap_or_default()));
        }
        components.push(("x-correlation-id", message.correlation_id.as_str().to_owned()));
        if let Some(digest) = digest {
            components.push(("content-digest", digest.to_owned()));
        }
        components
    }
}

/// Signs a message at `created` (seconds since the epoch). Unsafe methods need a nonce.
pub fn sign(
    profile: Profile,
    message: &Message<'_>,
    keys: &KeyRing,
    created: i64,
    nonce: Option<&Nonce>,
) -> Signed {
    let digest = message.body.map(content_digest);
    let components = profile.components(message, digest.as_deref());
    let params = parameters(&components, profile, &keys.current.key_id(), created, nonce);
    let mac = mac(&keys.current, &base(&components, &params));
    Signed {
        signature_input: format!("{LABEL}={params}"),
        signature: format!("{LABEL}=:{}:", BASE64.encode(&mac)),
        content_digest: digest,
    }
}

/// The value of `@signature-params`.
pub(super) fn parameters(
    components: &[(&str, String)],
    profile: Profile,
    key_id: &str,
    created: i64,
    nonce: Option<&Nonce>,
) -> String {
    let names: Vec<String> = components.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let mut params = format!("({});created={created}", names.join(" "));
    if let Some(nonce) = nonce {
        // Writing to a String cannot fail.
        let _ = write!(params, ";nonce=\"{}\"", nonce.as_str());
    }
    let _ = write!(params, ";keyid=\"{key_id}\";alg=\"hmac-sha256\";tag=\"{}\"", profile.tag());
    params
}

/// The signature base: a line a component, then the parameters.
pub(super) fn base(components: &[(&str, String)], params: &str) -> String {
    let mut base = String::new();
    for (name, value) in components {
        let _ = writeln!(base, "\"{name}\": {value}");
    }
    let _ = write!(base, "\"@signature-params\": {params}");
    base
}

/// HMAC-SHA256 (§3.3.3).
pub(super) fn mac(key: &SharedSecret, base: &str) -> Vec<u8> {
    keyed(key)
        .map(|mut mac| {
            mac.update(base.as_bytes());
            mac.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}

/// Whether `tag` is the base's HMAC, in constant time.
pub(super) fn is_mac(key: &SharedSecret, base: &str, tag: &[u8]) -> bool {
    keyed(key).is_some_and(|mut mac| {
        mac.update(base.as_bytes());
        mac.verify_slice(tag).is_ok()
    })
}

/// HMAC takes keys of any length, so this is always `Some`.
fn keyed(key: &SharedSecret) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(key.expose()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_own_hmac_example_comes_out() {
        // RFC 9421 §B.2.5 with the shared secret of §B.1.5.
        let secret =
            "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
        let secret = SharedSecret::from_bytes(&BASE64.decode(secret.as_bytes()).unwrap());
        let components = [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT".to_owned()),
            ("@authority", "example.com".to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        let params =
            "(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
        let expected = BASE64.decode(b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=").unwrap();
        assert_eq!(mac(&secret, &base(&components, params)), expected);
        assert!(is_mac(&secret, &base(&components, params), &expected));
    }
}
