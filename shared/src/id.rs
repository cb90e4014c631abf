//! Identifiers, parsed once at the border and valid ever after.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A product's id: 1 to 50 of `A–Z a–z 0–9 . _ -` (design: http.md).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ProductId(String);

/// The id that ties together every log line and answer of one request: 8 to 64 of `A–Z a–z 0–9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CorrelationId(String);

/// Why a text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {min} to {max} characters of A-Z, a-z, 0-9, '.', '_' and '-'")]
pub struct InvalidId {
    min: usize,
    max: usize,
}

impl ProductId {
    /// # Errors
    /// [`InvalidId`] with the limits.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        token(text, 1, 50).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CorrelationId {
    /// A client's id, if it is one; otherwise the caller makes a new one.
    ///
    /// # Errors
    /// [`InvalidId`] with the limits.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        token(text, 8, 64).map(Self)
    }

    /// Keeps a valid incoming id, else takes the random one (a UUID has the right shape).
    pub fn accept(incoming: Option<&str>, random: impl FnOnce() -> String) -> Self {
        incoming.and_then(|text| Self::parse(text).ok()).unwrap_or_else(|| Self(random()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ProductId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn token(text: &str, min: usize, max: usize) -> Result<String, InvalidId> {
    let fits = (min..=max).contains(&text.len());
    if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        Ok(text.to_owned())
    } else {
        Err(InvalidId { min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_ids_keep_to_their_alphabet_and_length() {
        for good in ["1", "c2d766ca982eca8304150849735ffef9", "A.b_c-9", &"x".repeat(50)] {
            assert_eq!(ProductId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", &"x".repeat(51), "a b", "a/b", "é", "a\n", "%41"] {
            assert!(ProductId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_valid_incoming_correlation_id_is_kept_and_any_other_replaced() {
        let random = || "11111111-2222-3333-4444-555555555555".to_owned();
        assert_eq!(CorrelationId::accept(Some("checkout.42"), random).as_str(), "checkout.42");
        for bad in [None, Some("short"), Some("has space in it"), Some(&*"x".repeat(65))] {
            assert_eq!(CorrelationId::accept(bad, random).as_str(), random());
        }
    }
}
