//! What an event is called.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A ULID (github.com/ulid/spec): 26 characters of Crockford's base 32, in capitals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EventId(String);

/// Not the form of an event's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a ULID: 26 of 0-9 and A-Z without I, L, O and U, the first at most 7")]
pub struct InvalidEventId;

impl EventId {
    /// # Errors
    /// [`InvalidEventId`].
    pub fn parse(text: &str) -> Result<Self, InvalidEventId> {
        let is_crockford =
            |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U'));
        // 26 characters hold 130 bits, a ULID has 128: a first one above 7 overflows.
        let fits = text.len() == 26 && matches!(text.as_bytes().first(), Some(b'0'..=b'7'));
        if fits && text.bytes().all(is_crockford) { Ok(Self(text.to_owned())) } else { Err(InvalidEventId) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_ulid() {
        for good in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"] {
            assert_eq!(EventId::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "01ARZ3NDEKTSV4RRFFQ69G5FA",
            "81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "01arz3ndektsv4rrffq69g5fav",
        ] {
            assert_eq!(EventId::parse(bad), Err(InvalidEventId), "{bad}");
        }
    }
}
