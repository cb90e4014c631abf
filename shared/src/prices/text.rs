//! A price as a shop writes it: `₹1,99,999.00`, `Rs. 1 999`, `1.999,00`, `INR 1,234.5`.
//!
//! A text is read only when it can mean one amount. `1.999` could be two thousand or two rupees, `1,2,3` is nothing,
//! `₹999 ₹1,299` is two prices: all are refused, since a source left out costs less than a wrong price.

use crate::money::Paise;

/// Why a text is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadablePrice {
    /// Something else than one amount in rupees.
    #[error("is no single amount in rupees")]
    NoAmount,
    /// Its separators can be read in more than one way, or in none.
    #[error("can be read in more than one way, or in none")]
    Ambiguous,
    /// Outside the range that its kind of source is believed in.
    #[error("is outside {} to {} rupees", .0.lowest.0 / 100, .0.highest.0 / 100)]
    OutOfRange(BelievablePrices),
}

/// The prices a kind of source is believed in, both ends included (design: prices.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BelievablePrices {
    lowest: Paise,
    highest: Paise,
}

impl BelievablePrices {
    /// Read from HTML, where a selector may hit a rating, a coupon or a phone number.
    pub const HTML: Self = Self { lowest: Paise(5_000), highest: Paise::MAX_PRICE };
    /// Read from anything made for machines: more than nothing.
    pub const DATA: Self = Self { lowest: Paise(1), highest: Paise::MAX_PRICE };

    /// `price`, if it is believed.
    ///
    /// # Errors
    /// [`UnreadablePrice::OutOfRange`].
    pub fn check(self, price: Paise) -> Result<Paise, UnreadablePrice> {
        if (self.lowest..=self.highest).contains(&price) {
            Ok(price)
        } else {
            Err(UnreadablePrice::OutOfRange(self))
        }
    }
}

/// More digits than this are no price, and would not fit.
const MAX_WHOLE_DIGITS: usize = 12;
const CURRENCY: [&str; 4] = ["₹", "rs.", "rs", "inr"];

/// Reads an amount in rupees; whether it is believable, [`BelievablePrices`] says.
///
/// # Errors
/// [`UnreadablePrice`].
pub fn read_price(text: &str) -> Result<Paise, UnreadablePrice> {
    let text: String = text.chars().map(plain).collect::<String>().to_ascii_lowercase();
    let amount = without_currency(text.trim());
    let (groups, separators) = split(amount)?;
    let (decimals, thousands) = roles(&groups, &separators)?;
    let (whole, part) = match (decimals, groups.split_last()) {
        (true, Some((part, whole))) => (whole, *part),
        _ => (groups.as_slice(), ""),
    };
    if let Some(separator) = thousands
        && !is_grouped(whole, separator)
    {
        return Err(UnreadablePrice::Ambiguous);
    }
    let whole = whole.concat();
    if whole.len() > MAX_WHOLE_DIGITS || (whole.len() > 1 && whole.starts_with('0')) {
        return Err(UnreadablePrice::NoAmount);
    }
    let rupees: i64 = whole.parse().map_err(|_| UnreadablePrice::NoAmount)?;
    let paise: i64 = format!("{part:0<2}").parse().map_err(|_| UnreadablePrice::NoAmount)?;
    Ok(Paise(rupees * 100 + paise))
}

/// Spaces of every width are one space: pages put no-break and thin ones between thousands.
fn plain(character: char) -> char {
    if character.is_whitespace() { ' ' } else { character }
}

/// The amount without a currency before or behind it, and without the `/-` of Indian price tags.
fn without_currency(text: &str) -> &str {
    let text = text.strip_suffix("/-").unwrap_or(text).trim();
    let before = CURRENCY.iter().find_map(|name| text.strip_prefix(name));
    before.or_else(|| CURRENCY.iter().find_map(|name| text.strip_suffix(name))).unwrap_or(text).trim()
}

fn split(amount: &str) -> Result<(Vec<&str>, Vec<char>), UnreadablePrice> {
    let is_separator = |character: char| matches!(character, ',' | '.' | ' ' | '\'' | '’');
    if !amount.chars().all(|character| character.is_ascii_digit() || is_separator(character)) {
        return Err(UnreadablePrice::NoAmount);
    }
    let groups: Vec<&str> = amount.split(is_separator).collect();
    if groups.iter().any(|group| group.is_empty()) {
        return Err(UnreadablePrice::NoAmount);
    }
    Ok((groups, amount.chars().filter(|character| is_separator(*character)).collect()))
}

/// Whether the last separator starts the decimals, and which one stands between thousands.
fn roles(groups: &[&str], separators: &[char]) -> Result<(bool, Option<char>), UnreadablePrice> {
    let Some((&last, before)) = separators.split_last() else { return Ok((false, None)) };
    let last_digits = groups.last().map_or(0, |group| group.len());
    let is_decimal = matches!(last, ',' | '.') && !before.contains(&last) && last_digits <= 2;
    let between = if is_decimal { before } else { separators };
    let thousands = between.first().copied();
    if between.iter().any(|separator| Some(*separator) != thousands) {
        return Err(UnreadablePrice::Ambiguous);
    }
    // A single point before three digits: thousands in one country, decimals in another.
    if separators == ['.'] && !is_decimal {
        return Err(UnreadablePrice::Ambiguous);
    }
    Ok((is_decimal, thousands))
}

/// Thousands in threes, or in the Indian way: three, then twos (1,99,999). With points only in threes.
fn is_grouped(groups: &[&str], separator: char) -> bool {
    let [first, middle @ .., last] = groups else { return false };
    let in_threes = first.len() <= 3 && middle.iter().all(|group| group.len() == 3);
    let in_twos = separator != '.' && first.len() <= 2 && middle.iter().all(|group| group.len() == 2);
    last.len() == 3 && !first.starts_with('0') && (in_threes || in_twos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_are_read_in_the_ways_shops_write_them() {
        for (text, paise) in [
            ("₹1,99,999.00", 19_999_900),
            ("Rs. 1 999", 199_900),
            ("1.999,00", 199_900),
            ("INR 1,234.5", 123_450),
            ("₹\u{a0}1\u{202f}999", 199_900),
            ("1,999/-", 199_900),
            ("Rs.499", 49_900),
            ("19,99", 1_999),
            ("1.234.567,8", 123_456_780),
            ("1'234.50 INR", 123_450),
            ("0.50", 50),
            ("  19999 ", 1_999_900),
        ] {
            assert_eq!(read_price(text), Ok(Paise(paise)), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_amounts_or_none_is_refused() {
        for text in [
            "",
            "₹",
            "free",
            "-5",
            "1.999",
            "1,2,3",
            "1,99,99",
            "₹999 ₹1,299",
            "999-1299",
            "$5",
            "€ 5",
            "1e3",
            "5.",
            ".5",
            "1..5",
            "1.234,567.8",
            "1,234 567",
            "007",
            "0,999",
            "12,345,67",
            "1.99.999",
            "٣٤",
            "1\u{fffd}999",
            "9999999999999",
            "₹ 5 ₹",
            "1,234.567",
        ] {
            assert!(read_price(text).is_err(), "{text} was read as {:?}", read_price(text));
        }
    }

    #[test]
    fn html_is_believed_from_50_rupees_on_and_data_from_one_paisa() {
        assert!(BelievablePrices::HTML.check(Paise(4_999)).is_err());
        assert_eq!(BelievablePrices::HTML.check(Paise(5_000)), Ok(Paise(5_000)));
        assert!(BelievablePrices::DATA.check(Paise(0)).is_err());
        assert_eq!(BelievablePrices::DATA.check(Paise(1)), Ok(Paise(1)));
        for range in [BelievablePrices::HTML, BelievablePrices::DATA] {
            assert_eq!(range.check(Paise(200_000_000)), Ok(Paise::MAX_PRICE));
            assert!(range.check(Paise(200_000_001)).is_err());
        }
        let told = BelievablePrices::HTML.check(Paise(1)).unwrap_err().to_string();
        assert_eq!(told, "is outside 50 to 2000000 rupees");
    }

    fn grouped(whole: i64, separator: &str, indian: bool) -> String {
        let digits = whole.to_string();
        let (mut rest, mut groups) = (digits.as_str(), Vec::new());
        while !rest.is_empty() {
            let size = if groups.is_empty() || !indian { 3 } else { 2 };
            let (before, group) = rest.split_at(rest.len().saturating_sub(size));
            groups.insert(0, group.to_owned());
            rest = before;
        }
        groups.join(separator)
    }

    proptest! {
        #[test]
        fn every_amount_survives_every_way_of_writing_it(
            paise in 0_i64..=200_000_000, before in 0_usize..5, indian: bool, style in 0_usize..5,
        ) {
            let (separator, point) = [(",", "."), (".", ","), (" ", "."), ("\u{a0}", ","), ("'", ".")][style];
            let whole = grouped(paise / 100, separator, indian && separator != ".");
            let currency = ["", "₹", "Rs. ", "INR\u{a0}", "rs "][before];
            let text = format!("{currency}{whole}{point}{:02}", paise % 100);
            prop_assert_eq!(read_price(&text), Ok(Paise(paise)), "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic_and_what_is_read_holds_the_same_digits(text in "[0-9., '₹a-z\u{a0}]{0,20}") {
            if let Ok(Paise(paise)) = read_price(&text) {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                let scaled = digits.parse::<i64>().unwrap();
                prop_assert!([scaled * 100, scaled * 10, scaled].contains(&paise), "{} {}", text, paise);
            }
        }

        #[test]
        fn any_text_at_all_is_read_or_refused(text in ".{0,40}") {
            let _ = read_price(&text);
        }
    }
}
