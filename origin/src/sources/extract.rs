//! From a document to its price.

use super::{failure::Failure, spec::Place};
use encoding_rs::{Encoding, UTF_8};
use scraper::{Html, Selector};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap};
use valora_shared::{
    money::{InvalidPrice, Paise},
    prices::{BelievablePrices, UnreadablePrice, read_price},
};

/// HTML says its charset within its first bytes (HTML §13.2.3.2).
const META_BYTES: usize = 1_024;

/// The price in a document. Long for a large page: not for an async thread.
pub(super) fn price(place: &Place, body: &[u8], content_type: Option<&str>) -> Result<Paise, Failure> {
    let declared = content_type.and_then(charset);
    match place {
        Place::Json(pointer) => json(pointer, &text(body, declared.as_deref(), true)?),
        Place::Html { selector, attribute } => {
            let declared = declared.or_else(|| {
                let head = body.get(..META_BYTES.min(body.len())).unwrap_or_default();
                charset(&String::from_utf8_lossy(head))
            });
            html(selector, attribute.as_deref(), &text(body, declared.as_deref(), false)?)
        }
    }
}

/// The value of the first `charset=`.
fn charset(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let value = lower.split_once("charset=")?.1.trim_start_matches(['"', '\'', ' ']);
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')));
    let name = value.get(..end.unwrap_or(value.len()))?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Decodes; a byte order mark wins over what is declared. `strict`: data for machines must be what it says, a page
/// may have a broken character somewhere that is not the price.
fn text<'a>(body: &'a [u8], declared: Option<&str>, strict: bool) -> Result<Cow<'a, str>, Failure> {
    let encoding = match declared {
        Some(label) => {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| Failure::Charset(label.to_owned()))?
        }
        None => UTF_8,
    };
    let (text, used, had_errors) = encoding.decode(body);
    if strict && had_errors { Err(Failure::Charset(used.name().to_owned())) } else { Ok(text) }
}

fn json(pointer: &str, text: &str) -> Result<Paise, Failure> {
    let broken = |error: serde_json::Error| Failure::Json(error.to_string());
    let absent = || Failure::NotFound(pointer.to_owned());
    let mut value: &RawValue = serde_json::from_str(text).map_err(broken)?;
    // Raw values all the way: the digits of a number are read as they were sent, never as a float.
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let raw = value.get();
        value = match raw.as_bytes().first() {
            Some(b'{') => {
                let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw).map_err(broken)?;
                fields.get(step.as_str()).copied()
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(broken)?;
                step.parse::<usize>().ok().and_then(|at| items.get(at).copied())
            }
            _ => None,
        }
        .ok_or_else(absent)?;
    }
    match value.get().as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(value.get()).map_err(broken)?;
            Ok(BelievablePrices::DATA.check(read_price(&text)?)?)
        }
        Some(b'0'..=b'9' | b'-') => Ok(Paise::parse_rupees(value.get()).map_err(|error| match error {
            InvalidPrice::NotANumber => UnreadablePrice::NoAmount,
            InvalidPrice::OutOfRange => UnreadablePrice::OutOfRange(BelievablePrices::DATA),
        })?),
        _ => Err(Failure::Price(UnreadablePrice::NoAmount)),
    }
}

fn html(selector: &str, attribute: Option<&str>, text: &str) -> Result<Paise, Failure> {
    let absent = || Failure::NotFound(selector.to_owned());
    let parsed = Selector::parse(selector).map_err(|_| absent())?;
    let document = Html::parse_document(text);
    let element = document.select(&parsed).next().ok_or_else(absent)?;
    let found = match attribute {
        Some(name) => element.attr(name).ok_or_else(absent)?.to_owned(),
        None => element.text().collect(),
    };
    let words: Vec<&str> = found.split_whitespace().collect();
    Ok(BelievablePrices::HTML.check(read_price(&words.join(" "))?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html_place(selector: &str) -> Place {
        Place::Html { selector: selector.to_owned(), attribute: None }
    }

    #[test]
    fn a_json_number_is_read_digit_by_digit() {
        let place = Place::Json("/offers/1/pr~1ice".to_owned());
        let body = br#"{"offers":[{}, {"pr/ice": 19399.03}], "x": 1e400}"#;
        assert_eq!(price(&place, body, None), Ok(Paise(1_939_903)));
        for (body, told) in [
            (&br#"{"offers":[{},{"pr/ice":null}]}"#[..], "the text there is no single amount in rupees"),
            (br#"{"offers":[{},{"pr/ice":0}]}"#, "the text there is outside 0 to 2000000 rupees"),
            (br#"{"offers":[{}]}"#, "there is nothing at /offers/1/pr~1ice"),
            (b"<html>", "the body is no JSON: expected value at line 1 column 1"),
            (b"{\"offers\":[{},{\"pr/ice\":\"\xe9 5\"}]}", "the text is not in the charset UTF-8"),
        ] {
            assert_eq!(price(&place, body, None).unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn the_charset_is_taken_from_header_mark_or_meta() {
        let place = html_place(".price");
        let page = |charset: &str| format!("<meta charset=\"{charset}\"><p class=price>");
        // 0xA0 is a no-break space in latin1 and no character in UTF-8.
        let mut latin = page("iso-8859-1").into_bytes();
        latin.extend_from_slice(b"Rs.\xa01\xa0999");
        assert_eq!(price(&place, &latin, None), Ok(Paise(199_900)));
        assert_eq!(price(&place, &latin, Some("text/html; charset=\"windows-1252\"")), Ok(Paise(199_900)));
        assert!(
            price(&place, &latin, Some("text/html; charset=utf-8")).is_err(),
            "1\u{fffd}999 is no amount"
        );
        let told = price(&place, &latin, Some("text/html; charset=klingon")).unwrap_err();
        assert_eq!(told, Failure::Charset("klingon".to_owned()));
        let utf16: Vec<u8> =
            "\u{feff}<p class=price>₹ 500".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(price(&place, &utf16, Some("text/html; charset=utf-8")), Ok(Paise(50_000)));
    }

    #[test]
    fn broken_html_is_read_as_browsers_do_and_the_first_match_counts() {
        let page = "<div><table><p class='a price'>\n ₹1,99,999.00 <b></p><i class=price>5".as_bytes();
        assert_eq!(price(&html_place(".price"), page, None), Ok(Paise(19_999_900)));
        let place = Place::Html {
            selector: "meta[itemprop=price]".to_owned(),
            attribute: Some("content".to_owned()),
        };
        assert_eq!(
            price(&place, b"<meta itemprop=price content=49>", None).unwrap_err().to_string(),
            "the text there is outside 50 to 2000000 rupees"
        );
        assert!(price(&place, b"<meta itemprop=price content='1,234.50'", None).is_err());
        assert_eq!(price(&place, b"<meta itemprop=price content='1,234.50'>", None), Ok(Paise(123_450)));
    }
}
