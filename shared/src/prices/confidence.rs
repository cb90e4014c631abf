//! How far a source is believed.

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

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

    /// Reads a decimal from 0 to 1 with at most four places (`0.95`), without a float.
    ///
    /// # Errors
    /// [`InvalidConfidence`].
    pub fn parse_decimal(text: &str) -> Result<Self, InvalidConfidence> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(part) || whole.len() > 1 || part.len() > 4 {
            return Err(InvalidConfidence);
        }
        let value = format!("{whole}{part:0<4}").parse().map_err(|_| InvalidConfidence)?;
        Self::from_ten_thousandths(value)
    }

    /// Ten-thousandths, 0 to 10,000.
    pub fn ten_thousandths(self) -> u16 {
        self.0
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // No amount of money: a float is what the Python backend shows, and n/10000 prints as its decimal.
        // Written from the integer, as money is, in the form that a float of this value has.
        let (whole, part) = (self.0 / 10_000, format!("{:04}", self.0 % 10_000));
        let part = part.trim_end_matches('0');
        let digits = format!("{whole}.{}", if part.is_empty() { "0" } else { part });
        RawValue::from_string(digits).map_err(S::Error::custom)?.serialize(serializer)
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
        for (text, value) in [("0.95", 9_500), ("1", 10_000), ("1.0", 10_000), ("0.9001", 9_001), ("0", 0)] {
            assert_eq!(Confidence::parse_decimal(text).map(Confidence::ten_thousandths), Ok(value), "{text}");
        }
        for bad in ["", "1.1", "-0.5", "0.95001", ".9", "0.", "95", "1e0", "nan"] {
            assert_eq!(Confidence::parse_decimal(bad), Err(InvalidConfidence), "{bad}");
        }
        assert_eq!(Confidence::from_ten_thousandths(10_001), Err(InvalidConfidence));
        assert_eq!(Confidence::from_ten_thousandths(-1), Err(InvalidConfidence));
    }
}
