//! HMAC-SHA256 under a shared secret.

use super::SharedSecret;
use hmac::{Hmac, KeyInit, Mac, digest::Key};
use sha2::Sha256;

/// The MAC of `text`. `domain` separates its uses, should one secret ever serve several.
pub(super) fn mac(secret: &SharedSecret, domain: &str, text: &str) -> Hmac<Sha256> {
    // HMAC takes keys of every length: there is no error to handle.
    let keyed = Hmac::<Sha256>::new_from_slice(secret.expose());
    let mut mac = keyed.unwrap_or_else(|_| Hmac::new(&Key::<Hmac<Sha256>>::default()));
    mac.update(domain.as_bytes());
    mac.update(b"\n");
    mac.update(text.as_bytes());
    mac
}
