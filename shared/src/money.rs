//! Money is integer paise (1/100 rupee); margins are integer basis points (1/100 percent). No float anywhere:
//! the JSON numbers are written from the integers.

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use std::fmt;

/// An amount in paise. JSON: an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Paise(pub i64);

/// The same amount as a JSON number of rupees, in Python's shortest form with at least one decimal:
/// `19399.03`, `19399.5`, `19399.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rupees(pub Paise);

/// A margin in basis points, 0 to 9,000 (0 to 90 percent). JSON: percent, as Python shows a float (`3.0`, `2.25`).
/// The default is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Margin(u16);

/// Why a text is no margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a percentage from 0 to 90 with at most 2 decimals")]
pub struct InvalidMargin;

/// Why a text is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrice {
    /// Not digits with at most two decimals.
    #[error("must be rupees in digits with at most 2 decimals, such as 19999 or 19999.50")]
    NotANumber,
    /// 0, or above [`Paise::MAX_PRICE`].
    #[error("must be above 0 and at most 2,000,000 rupees")]
    OutOfRange,
}

impl Paise {
    /// The highest price that is believed: 2,000,000 rupees (design: prices.md).
    pub const MAX_PRICE: Self = Self(200_000_000);

    /// `₹19399.03`: what the storefront shows.
    pub fn readable(self) -> String {
        format!("₹{}", decimal(self.0, 2))
    }

    /// Reads rupees as found in a price list (`379`, `982.00`).
    ///
    /// # Errors
    /// [`InvalidPrice`]: not a plain number, or not a believable price.
    pub fn parse_rupees(text: &str) -> Result<Self, InvalidPrice> {
        let paise = hundredths(text.trim()).ok_or(InvalidPrice::NotANumber)?;
        if paise > 0 && paise <= Self::MAX_PRICE.0 { Ok(Self(paise)) } else { Err(InvalidPrice::OutOfRange) }
    }
}

impl Margin {
    /// The highest margin: 90 percent.
    pub const MAX_BASIS_POINTS: u16 = 9_000;

    /// `None` above [`Self::MAX_BASIS_POINTS`].
    pub fn from_basis_points(basis_points: i64) -> Option<Self> {
        let value = u16::try_from(basis_points).ok()?;
        (value <= Self::MAX_BASIS_POINTS).then_some(Self(value))
    }

    /// Basis points, 0 to 9,000.
    pub fn basis_points(self) -> u16 {
        self.0
    }

    /// Reads percent from a decimal text (`3`, `2.25`), without a float.
    ///
    /// # Errors
    /// [`InvalidMargin`] names the limits.
    pub fn parse_percent(text: &str) -> Result<Self, InvalidMargin> {
        hundredths(text).and_then(Self::from_basis_points).ok_or(InvalidMargin)
    }

    /// Reads percent from a JSON value: a number, or a string holding one.
    ///
    /// # Errors
    /// [`InvalidMargin`] names the limits.
    pub fn from_json(value: &RawValue) -> Result<Self, InvalidMargin> {
        let text = value.get();
        let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        Self::parse_percent(text)
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(i64::from(self.0), 1))
    }
}

impl Serialize for Margin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw_number(decimal(i64::from(self.0), 1), serializer)
    }
}

impl Serialize for Rupees {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw_number(decimal(self.0.0, 1), serializer)
    }
}

/// Writes the digits as they are: a JSON number that never was a float.
fn raw_number<S: Serializer>(digits: String, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(digits).map_err(S::Error::custom)?.serialize(serializer)
}

/// Hundredths as a decimal with `min_decimals` (1 or 2) to 2 places.
fn decimal(hundredths: i64, min_decimals: usize) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, part) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    let mut text = format!("{sign}{whole}.{part:02}");
    if min_decimals == 1 && part % 10 == 0 {
        text.pop();
    }
    text
}

/// Reads `digits[.d[d]]` (trailing zeros beyond the second decimal allowed) as hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !digits(whole) || !digits(part) || text.ends_with('.') {
        return None;
    }
    let (cents, rest) = part.split_at(part.len().min(2));
    if rest.bytes().any(|b| b != b'0') {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rupees_are_written_as_python_writes_a_float() {
        for (paise, json) in
            [(1_939_903, "19399.03"), (1_939_950, "19399.5"), (1_939_900, "19399.0"), (5, "0.05")]
        {
            assert_eq!(serde_json::to_string(&Rupees(Paise(paise))).unwrap(), json);
        }
        assert_eq!(Paise(0).readable(), "₹0.00");
        assert_eq!(Paise(1_999_900).readable(), "₹19999.00");
    }

    #[test]
    fn a_margin_is_read_without_a_float_and_names_its_limits() {
        for (text, basis_points) in
            [("3", 300), ("3.0", 300), ("2.25", 225), ("90", 9000), ("0", 0), ("1.500", 150)]
        {
            assert_eq!(Margin::parse_percent(text).unwrap().basis_points(), basis_points, "{text}");
        }
        for bad in ["", "-1", "90.01", "1.234", "NaN", "1e1", "1.", ".5", " 3", "٣"] {
            assert_eq!(Margin::parse_percent(bad), Err(InvalidMargin), "{bad:?}");
        }
        let from_json = |json: &str| Margin::from_json(&RawValue::from_string(json.to_owned()).unwrap());
        assert_eq!(from_json("\"2.5\""), from_json("2.5"));
        assert_eq!(from_json("true"), Err(InvalidMargin));
        assert_eq!(serde_json::to_string(&from_json("3").unwrap()).unwrap(), "3.0");
    }

    #[test]
    fn prices_of_a_list_are_believed_only_inside_the_range() {
        assert_eq!(Paise::parse_rupees("982.00"), Ok(Paise(98_200)));
        assert_eq!(Paise::parse_rupees(" 379 "), Ok(Paise(37_900)));
        assert_eq!(Paise::parse_rupees("2000000"), Ok(Paise::MAX_PRICE));
        assert_eq!(Paise::parse_rupees("2000000.01"), Err(InvalidPrice::OutOfRange));
        assert_eq!(Paise::parse_rupees("0"), Err(InvalidPrice::OutOfRange));
        assert_eq!(Paise::parse_rupees("-5"), Err(InvalidPrice::NotANumber));
        assert_eq!(Paise::parse_rupees("1,999"), Err(InvalidPrice::NotANumber));
    }

    proptest! {
        #[test]
        fn every_amount_survives_writing_and_reading(paise in 1_i64..=200_000_000) {
            let text = serde_json::to_string(&Rupees(Paise(paise))).unwrap();
            prop_assert_eq!(Paise::parse_rupees(&text), Ok(Paise(paise)));
            // Python's repr of the float paise / 100 is the shortest decimal that reads back to it.
            let float: f64 = text.parse().unwrap();
            prop_assert_eq!(format!("{float:?}"), text);
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in ".{0,40}") {
            let _ = Paise::parse_rupees(&text);
            let _ = Margin::parse_percent(&text);
        }
    }
}
