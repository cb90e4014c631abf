//! What makes a signed change a one-time thing.

/// 16 to 64 of `A–Z a–z 0–9 - _`, used once in the life of a signature. A GET needs none: repeating it changes
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nonce(String);

/// Not the form of a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 16 to 64 characters of A-Z, a-z, 0-9, '-' and '_'")]
pub struct InvalidNonce;

impl Nonce {
    /// # Errors
    /// [`InvalidNonce`].
    pub fn parse(text: &str) -> Result<Self, InvalidNonce> {
        let fits = (16..=64).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidNonce)
        }
    }

    /// The nonce as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a request of this method must carry a nonce: the unsafe ones (RFC 9110 §9.2.1).
pub fn needs_nonce(method: &str) -> bool {
    !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_has_one_form() {
        assert!(Nonce::parse("0193c0de-1111-7abc-8def-0123456789ab").is_ok());
        for bad in ["short", "has space in it....", &"x".repeat(65), "quote\"quote\"quote\""] {
            assert_eq!(Nonce::parse(bad), Err(InvalidNonce), "{bad}");
        }
        assert!(needs_nonce("POST") && needs_nonce("DELETE") && !needs_nonce("GET") && !needs_nonce("HEAD"));
    }
}
