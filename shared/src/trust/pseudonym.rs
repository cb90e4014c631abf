//! Names under which somebody is counted or logged without being named.

use super::{SharedSecret, mac::mac};
use hmac::Mac;

/// Bytes of the MAC that are shown: enough that no two of a shop's clients meet.
const BYTES: usize = 16;

/// The same text under the same secret always has the same pseudonym, and nobody without the secret can tell which
/// text it was, not even by trying all addresses.
pub fn pseudonym(secret: &SharedSecret, text: &str) -> String {
    hex::encode(pseudonym_bytes(secret, text))
}

/// [`pseudonym`] before it is written as hexadecimal digits.
pub fn pseudonym_bytes(secret: &SharedSecret, text: &str) -> [u8; BYTES] {
    let mac = mac(secret, "valora pseudonym v1", text).finalize().into_bytes();
    mac.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Setting;

    #[test]
    fn a_pseudonym_is_stable_and_depends_on_text_and_secret() {
        let secret = |text| SharedSecret::parse(text).unwrap();
        let (one, two) =
            (secret("0123456789abcdef0123456789abcdef"), secret("0123456789abcdef0123456789abcdeg"));
        assert_eq!(pseudonym(&one, "ip:192.0.2.1"), pseudonym(&one, "ip:192.0.2.1"));
        assert_ne!(pseudonym(&one, "ip:192.0.2.1"), pseudonym(&one, "ip:192.0.2.2"));
        assert_ne!(pseudonym(&one, "ip:192.0.2.1"), pseudonym(&two, "ip:192.0.2.1"));
        assert_eq!(pseudonym(&one, "").len(), 32);
    }
}
