//! Reading, by `serde_json`: its grammar (RFC 8259), and one type of serde's for all.
//!
//! Each value is read as far as its own brackets, and what stands between them stays text until it is looked at in turn:
//! so a number keeps the digits it was written with, and no float is ever made.

use super::{InvalidJson, Json};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// Deeper ones are refused: each level is a call.
const MAX_DEPTH: u32 = 127;

pub(super) fn read(text: &str) -> Result<Json, InvalidJson> {
    // All of it is JSON, before anything of it is looked at.
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| InvalidJson)?;
    value(raw.get(), MAX_DEPTH)
}

fn value(text: &str, depth: u32) -> Result<Json, InvalidJson> {
    let is_number = matches!(text.as_bytes().first(), Some(b'-' | b'0'..=b'9'));
    if is_number {
        return Ok(Json::Number(text.to_owned()));
    }
    let below = || depth.checked_sub(1).ok_or(InvalidJson);
    Ok(match serde_json::from_str(text).map_err(|_| InvalidJson)? {
        Node::Value(value) => value,
        Node::List(items) => {
            let depth = below()?;
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                list.push(value(item.get(), depth)?);
            }
            Json::List(list)
        }
        Node::Object(items) => {
            let depth = below()?;
            let mut fields = Vec::with_capacity(items.len());
            for (name, item) in items {
                fields.push((name, value(item.get(), depth)?));
            }
            Json::Object(fields)
        }
    })
}

/// A value whose parts are still text.
enum Node<'a> {
    Value(Json),
    List(Vec<&'a RawValue>),
    Object(Vec<(String, &'a RawValue)>),
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

/// Takes whatever comes. What it would not take, serde would tell with the machinery that prints floats.
struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Value(Json::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Value(Json::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Value(Json::Number(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Value(Json::Number(value.to_string())))
    }

    /// Never asked, as numbers stay text; serde's own refusal would print it.
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom("a number that was not left as text"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Node::Value(Json::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = map.next_entry()? {
            items.push(item);
        }
        Ok(Node::Object(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_fields_their_order() {
        let text =
            r#" {"b" : [ 1 , 2.50e-7 , -0, 1e400, 18446744073709551616 ] , "a":{}, "a":"\ud83d\ude00"} "#;
        let number = |digits: &str| Json::Number(digits.to_owned());
        let numbers = ["1", "2.50e-7", "-0", "1e400", "18446744073709551616"].map(number);
        let fields = [
            ("b", Json::List(numbers.to_vec())),
            ("a", Json::Object(Vec::new())),
            ("a", Json::Text("😀".to_owned())),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(Json::parse(text), Ok(Json::Object(fields.to_vec())));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "[",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "01",
            "1.",
            "nul",
            "\"",
            "\"\\ud83d\"",
            "\"\n\"",
            "1 2",
        ] {
            assert_eq!(Json::parse(text), Err(InvalidJson), "{text:?}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(&nested(127)).is_ok());
        for depth in [128, 100_000] {
            assert_eq!(Json::parse(&nested(depth)), Err(InvalidJson), "{depth}");
        }
    }
}
