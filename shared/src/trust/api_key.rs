//! API keys: `vk_<id>_<expiry>_<mac>`. A key proves itself under `API_KEY_SECRET`, so that either side knows a real
//! one without asking anybody, and the list of revoked ones ends, because every key does.

use super::{SharedSecret, mac::mac};
use crate::time::UnixMillis;
use hmac::Mac;

/// What every key starts with.
const PREFIX: &str = "vk";
/// Separates these MACs from all others, should one secret ever be used twice.
const DOMAIN: &str = "valora api key v1";
/// `vk_`, two numbers of at most 19 digits, a MAC of 64: what is longer is not even looked at.
const MAX_LENGTH: usize = 128;

/// A key whose MAC was right and which has not expired. Whether it was revoked, the database knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: i64,
    /// Seconds since 1970 at which it ends.
    pub expires_at_seconds: i64,
}

/// Why it is no key. Callers tell clients nothing of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiKey {
    /// Not the form of a key.
    #[error("not of the form vk_<id>_<expiry>_<mac>")]
    Form,
    /// Not made under this secret, or changed since.
    #[error("not made under API_KEY_SECRET")]
    Mac,
    /// Its time is over.
    #[error("expired")]
    Expired,
}

impl ApiKey {
    /// Whether `text` means to be an API key rather than another credential.
    pub fn is_meant_by(text: &str) -> bool {
        text.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with('_'))
    }

    /// The key's text: what its owner keeps, and nobody else.
    pub fn to_text(self, secret: &SharedSecret) -> String {
        let signed = self.signed_part();
        let mac = mac(secret, DOMAIN, &signed).finalize().into_bytes();
        format!("{signed}_{}", hex::encode(mac))
    }

    /// Reads and verifies a key at `now`.
    ///
    /// # Errors
    /// [`InvalidApiKey`].
    pub fn verify(text: &str, secret: &SharedSecret, now: UnixMillis) -> Result<Self, InvalidApiKey> {
        let (signed, tag) = text.rsplit_once('_').ok_or(InvalidApiKey::Form)?;
        let mut parts = signed.split('_');
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok()).ok_or(InvalidApiKey::Form);
        if text.len() > MAX_LENGTH || !Self::is_meant_by(signed) {
            return Err(InvalidApiKey::Form);
        }
        // The prefix, which is_meant_by has seen.
        let _ = number();
        let key = Self { id: number()?, expires_at_seconds: number()? };
        // The text written anew: "+1", "01" or a fifth part would be another text for the same key.
        if key.signed_part() != signed {
            return Err(InvalidApiKey::Form);
        }
        // Capitals would be another text, too.
        let is_lower = !tag.bytes().any(|byte| byte.is_ascii_uppercase());
        let tag = hex::decode(tag).ok().filter(|_| is_lower).ok_or(InvalidApiKey::Form)?;
        // Takes the same time wherever the difference is.
        mac(secret, DOMAIN, signed).verify_slice(&tag).map_err(|_| InvalidApiKey::Mac)?;
        if key.expires_at_seconds.saturating_mul(1_000) <= now.0 {
            return Err(InvalidApiKey::Expired);
        }
        Ok(key)
    }

    fn signed_part(self) -> String {
        format!("{PREFIX}_{}_{}", self.id, self.expires_at_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Setting;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
    const KEY: ApiKey = ApiKey { id: 7, expires_at_seconds: 1_790_000_001 };

    fn secret(text: &str) -> SharedSecret {
        SharedSecret::parse(text).unwrap()
    }

    fn ours() -> SharedSecret {
        secret("0123456789abcdef0123456789abcdef")
    }

    #[test]
    fn a_key_is_read_until_it_ends() {
        let text = KEY.to_text(&ours());
        assert_eq!(ApiKey::verify(&text, &ours(), NOW), Ok(KEY));
        assert_eq!(ApiKey::verify(&text, &ours(), UnixMillis(NOW.0 + 999)), Ok(KEY));
        assert_eq!(ApiKey::verify(&text, &ours(), UnixMillis(NOW.0 + 1_000)), Err(InvalidApiKey::Expired));
    }

    #[test]
    fn the_form_of_keys_does_not_change() {
        // Keys are out in the world: a change here would end them all.
        assert_eq!(
            KEY.to_text(&ours()),
            "vk_7_1790000001_245ad6921f0278bae1ddcbd2251ef4a0de60d1dc7434763addd7e2a175447cb5"
        );
    }

    #[test]
    fn a_key_of_another_secret_or_with_another_number_is_refused() {
        let text = KEY.to_text(&ours());
        let other = secret("fedcba9876543210fedcba9876543210");
        assert_eq!(ApiKey::verify(&text, &other, NOW), Err(InvalidApiKey::Mac));
        let longer_lived = text.replace("1790000001", "1990000001");
        assert_eq!(ApiKey::verify(&longer_lived, &ours(), NOW), Err(InvalidApiKey::Mac));
        assert_eq!(ApiKey::verify(&text.replace("vk_7", "vk_8"), &ours(), NOW), Err(InvalidApiKey::Mac));
        let shorter = &text[..text.len() - 2];
        assert_eq!(ApiKey::verify(shorter, &ours(), NOW), Err(InvalidApiKey::Mac));
    }

    #[test]
    fn what_only_looks_like_a_key_is_refused() {
        let text = KEY.to_text(&ours());
        let upper = text.to_uppercase().replace("VK", "vk");
        let long = format!("vk_7_{}_00", "1".repeat(200));
        for bad in [
            "",
            "vk",
            "vk_",
            "vk_1",
            "vk_1_2",
            "vk_x_2_00",
            "vk_1_2_zz",
            "vk__1_2_00",
            "vk_+7_1790000001_00",
            &text.replace("vk_7", "vk_07"),
            &text.replace("vk_", "vk_0_"),
            &upper,
            &long,
        ] {
            assert_eq!(ApiKey::verify(bad, &ours(), NOW), Err(InvalidApiKey::Form), "{bad}");
        }
    }
}
