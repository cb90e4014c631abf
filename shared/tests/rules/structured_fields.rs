//! The HTTP working group's vectors (tests/vectors/structured-fields/) through the parser that reads targeted fields, and
//! through the rule that makes a directive of each member.

use std::path::Path;

use serde_json::{Value, json};
use sfv::{BareItem, Dictionary, InnerList, Item, List, ListEntry, Parameters, Parser};
use valora_shared::cache::{MAX_SECONDS, ResponseControl};

/// All of them, so that a file that is lost is noticed.
const COUNT: usize = 1_591;

#[test]
fn every_vector_is_read_as_it_says_or_refused() {
    let vectors = vectors();
    assert_eq!(vectors.len(), COUNT);
    for vector in &vectors {
        let text = text(vector);
        let read = read(vector["header_type"].as_str().unwrap(), &text);
        if is(vector, "must_fail") {
            assert_eq!(read, None, "must fail: {vector}");
        } else if read.is_some() || !is(vector, "can_fail") {
            let read = read.unwrap_or_else(|| panic!("cannot be read: {vector}"));
            assert!(same(&read, &vector["expected"]), "{read} is not what is expected: {vector}");
        }
    }
}

#[test]
fn a_targeted_field_that_is_no_dictionary_says_nothing() {
    for vector in vectors().iter().filter(|vector| vector["header_type"] == "dictionary") {
        let control = ResponseControl::parse_targeted(&text(vector));
        let is_empty = vector["expected"].as_array().is_none_or(Vec::is_empty);
        assert_eq!(control.is_none(), is(vector, "must_fail") || is_empty, "{vector}");
    }
}

#[test]
fn a_member_is_heeded_only_in_the_type_of_its_directive() {
    for vector in vectors().iter().filter(|vector| vector["header_type"] == "item") {
        let value = text(vector);
        // Within a member there are no blanks, only around.
        if value.trim() != value {
            continue;
        }
        let read = ResponseControl::parse_targeted(&format!("max-age={value}, x=1"));
        let expected = vector["expected"][0].as_i64().filter(|_| !is(vector, "must_fail"));
        let expected =
            expected.map(|seconds| u32::try_from(seconds.max(0)).unwrap_or(MAX_SECONDS).min(MAX_SECONDS));
        assert_eq!(read.and_then(|control| control.max_age), expected, "{vector}");
    }
}

fn vectors() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/structured-fields");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|kind| kind == "json")).collect();
    files.sort();
    let read = |file| serde_json::from_slice::<Vec<Value>>(&std::fs::read(file).unwrap()).unwrap();
    files.into_iter().flat_map(read).collect()
}

/// Several lines of a field are one (RFC 9651 §4.2).
fn text(vector: &Value) -> String {
    let lines = vector["raw"].as_array().unwrap().iter();
    lines.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join(", ")
}

fn is(vector: &Value, name: &str) -> bool {
    vector[name].as_bool().unwrap_or(false)
}

/// What the parser makes of it, in the form of the vectors; `None` where it refuses.
fn read(kind: &str, text: &str) -> Option<Value> {
    let parser = Parser::new(text);
    match kind {
        "item" => parser.parse::<Item>().ok().map(|read| item(&read)),
        "list" => parser.parse::<List>().ok().map(|read| read.iter().map(entry).collect()),
        "dictionary" => {
            let members = |read: &Dictionary| {
                read.iter().map(|(key, value)| json!([key.as_str(), entry(value)])).collect()
            };
            parser.parse::<Dictionary>().ok().map(|read| members(&read))
        }
        other => panic!("no such kind: {other}"),
    }
}

fn entry(entry: &ListEntry) -> Value {
    match entry {
        ListEntry::Item(read) => item(read),
        ListEntry::InnerList(InnerList { items, params }) => {
            json!([items.iter().map(item).collect::<Vec<_>>(), parameters(params)])
        }
    }
}

fn item(item: &Item) -> Value {
    json!([bare(&item.bare_item), parameters(&item.params)])
}

fn parameters(parameters: &Parameters) -> Value {
    parameters.iter().map(|(key, value)| json!([key.as_str(), bare(value)])).collect()
}

fn bare(item: &BareItem) -> Value {
    let typed = |kind: &str, value: Value| json!({ "__type": kind, "value": value });
    match item {
        BareItem::Integer(number) => json!(i64::from(*number)),
        BareItem::Decimal(number) => json!(f64::from(*number)),
        BareItem::Boolean(flag) => json!(flag),
        BareItem::String(text) => json!(text.as_str()),
        BareItem::Token(token) => typed("token", json!(token.as_str())),
        BareItem::ByteSequence(bytes) => typed("binary", json!(data_encoding::BASE32.encode(bytes))),
        BareItem::Date(date) => typed("date", json!(i64::from(date.unix_seconds()))),
        BareItem::DisplayString(text) => typed("displaystring", json!(text)),
    }
}

/// A decimal may be written as a whole number.
fn same(read: &Value, expected: &Value) -> bool {
    match (read, expected) {
        (Value::Array(read), Value::Array(expected)) => {
            read.len() == expected.len() && read.iter().zip(expected).all(|(a, b)| same(a, b))
        }
        (Value::Number(read), Value::Number(expected)) => {
            read.as_f64().zip(expected.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-6)
        }
        (read, expected) => read == expected,
    }
}
