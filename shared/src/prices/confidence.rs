//! How far a source is believed.

use serde::{Serialize, Serializer};

/// A confidence from 0 to 1 in ten-thousandths. JSON: a number such as `0.95`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confidence(u16);

/// Not between 0 and 10,000 ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 10000 ten-thousandths")]
pub struct InvalidConfidence;

impl Confidence {
    /// What a csv or a pushed observation has unless it says otherwise.
    pub const IMPORTED: Self = Self(9_500);
    /// Sources must be above this to count.
    pub const THRESHOLD: Self = Self(9_000);

    /// # Errors
    /// [`InvalidConfidence`] outside 0…10,000.
    pub fn from_ten_thousandths(value: i64) -> Result<Self, InvalidConfidence> {
        match u16::try_from(value) {
            Ok(value) if value <= 10_000 => Ok(Self(value)),
            _ => Err(InvalidConfidence),
        }
    }

    /// Ten-thousandths, 0 to 10,000.
    pub fn ten_thousandths(self) -> u16 {
        self.0
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // No amount of money: a float is what the Python backend shows, and n/10000 prints as its decimal.
        serializer.serialize_f64(f64::from(self.0) / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_prints_as_the_decimal_it_is() {
        for (value, json) in [(9_500, "0.95"), (10_000, "1.0"), (9_001, "0.9001"), (0, "0.0")] {
            let confidence = Confidence::from_ten_thousandths(value).unwrap();
            assert_eq!(serde_json::to_string(&confidence).unwrap(), json);
        }
        assert_eq!(Confidence::from_ten_thousandths(10_001), Err(InvalidConfidence));
        assert_eq!(Confidence::from_ten_thousandths(-1), Err(InvalidConfidence));
    }
}
