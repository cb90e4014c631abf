//! Passwords on their way to the hash.

use std::fmt;

/// A password: shown by nothing, compared by nothing, only hashed.
#[derive(Clone)]
pub struct Password(String);

/// Why a text may not be a password, for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPassword(&'static str);

/// Above this a password is no better and only more to hash.
const MAX_BYTES: usize = 1_024;
const MIN_CHARACTERS: usize = 8;

impl Password {
    /// A new password: at least 8 characters (design: http.md) and at most 1024 bytes, of any kind. Rules on kinds
    /// of characters make passwords worse (NIST SP 800-63B §3.1.1.2).
    ///
    /// # Errors
    /// [`InvalidPassword`] with the limits.
    pub fn choose(text: String) -> Result<Self, InvalidPassword> {
        if text.chars().count() < MIN_CHARACTERS {
            return Err(InvalidPassword("must be at least 8 characters"));
        }
        Self::offered(text)
    }

    /// One that somebody logs in with: it is right or wrong, whatever it looks like.
    ///
    /// # Errors
    /// [`InvalidPassword`] for one too long to hash.
    pub fn offered(text: String) -> Result<Self, InvalidPassword> {
        if text.len() > MAX_BYTES {
            Err(InvalidPassword("must be at most 1024 bytes"))
        } else {
            Ok(Self(text))
        }
    }

    /// The bytes, for the hash and nothing else.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert!(Password::choose("пароль".to_owned()).is_err());
        assert!(Password::choose("пароль12".to_owned()).is_ok());
        assert!(Password::choose("x".repeat(1_024)).is_ok());
        assert!(Password::choose("x".repeat(1_025)).is_err());
        assert!(Password::offered(String::new()).is_ok());
        assert!(Password::offered("x".repeat(1_025)).is_err());
    }

    #[test]
    fn a_password_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", Password::offered("hunter2".to_owned()).unwrap()), "Password(…)");
    }
}
