//! Content-Digest (RFC 9530), sha-256 only.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};

/// The field's value for a body: `sha-256=:…:`.
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(Sha256::digest(body)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_digest_of_the_rfcs_example() {
        // RFC 9530 §B.2, the body with its line feed.
        let digest = super::content_digest(b"{\"hello\": \"world\"}\n");
        assert_eq!(digest, "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    }
}
