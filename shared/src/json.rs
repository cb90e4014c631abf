//! JSON of a few kinds of messages, without a type of serde's for each.
//!
//! What serde derives for a type is code of its own, two or three kilobytes of Worker to read it and one to write it,
//! and its readers bring floats along. The edge reads and writes little, so it reads into one kind of value, in which
//! a number stays the text it was, and writes field by field. The origin, where bytes are free, uses serde.

mod object;
mod reader;

pub use object::Object;

use std::fmt;

/// A value as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Digits, as they stood there.
    Number(String),
    /// A string.
    Text(String),
    /// `[…]`.
    List(Vec<Json>),
    /// `{…}` in its order, names that occur twice included.
    Object(Vec<(String, Json)>),
}

/// A text that is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON")]
pub struct InvalidJson;

/// A field that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {expected}, once")]
pub struct InvalidField {
    name: &'static str,
    expected: &'static str,
}

impl Json {
    /// Reads a text that is one value (RFC 8259); of nothing deeper than 127 brackets.
    ///
    /// # Errors
    /// [`InvalidJson`].
    pub fn parse(text: &str) -> Result<Self, InvalidJson> {
        reader::read(text)
    }

    /// A number without fraction and exponent.
    pub fn integer(&self) -> Option<i64> {
        if let Self::Number(digits) = self { digits.parse().ok() } else { None }
    }

    /// A string.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A string among an object's fields.
    ///
    /// # Errors
    /// [`InvalidField`].
    pub fn text_of(&self, name: &'static str) -> Result<&str, InvalidField> {
        self.field(name).and_then(Self::text).ok_or(InvalidField { name, expected: "a text" })
    }

    /// A string among an object's fields that may be null or missing.
    ///
    /// # Errors
    /// [`InvalidField`].
    pub fn optional_text_of(&self, name: &'static str) -> Result<Option<&str>, InvalidField> {
        match self.field(name) {
            Some(Self::Null) => Ok(None),
            Some(Self::Text(text)) => Ok(Some(text)),
            None if !self.has(name) => Ok(None),
            _ => Err(InvalidField { name, expected: "a text or null" }),
        }
    }

    /// An integer among an object's fields.
    ///
    /// # Errors
    /// [`InvalidField`].
    pub fn integer_of(&self, name: &'static str) -> Result<i64, InvalidField> {
        self.field(name).and_then(Self::integer).ok_or(InvalidField { name, expected: "an integer" })
    }

    /// A list among an object's fields.
    ///
    /// # Errors
    /// [`InvalidField`].
    pub fn list_of(&self, name: &'static str) -> Result<&[Self], InvalidField> {
        match self.field(name) {
            Some(Self::List(list)) => Ok(list),
            _ => Err(InvalidField { name, expected: "a list" }),
        }
    }

    /// A truth value among an object's fields.
    ///
    /// # Errors
    /// [`InvalidField`].
    pub fn bool_of(&self, name: &'static str) -> Result<bool, InvalidField> {
        match self.field(name) {
            Some(Self::Bool(value)) => Ok(*value),
            _ => Err(InvalidField { name, expected: "true or false" }),
        }
    }

    /// An object's field. One that is there twice is none: readers that took the first and others that took the last
    /// would not agree.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        let mut found = fields.iter().filter(|(known, _)| known == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// Whether an object has the field, be it once or more often.
    pub fn has(&self, name: &str) -> bool {
        matches!(self, Self::Object(fields) if fields.iter().any(|(known, _)| known == name))
    }
}

/// As JSON, without blanks.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(true) => f.write_str("true"),
            Self::Bool(false) => f.write_str("false"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(list) => {
                for (at, value) in list.iter().enumerate() {
                    write!(f, "{}{value}", if at == 0 { "[" } else { "," })?;
                }
                f.write_str(if list.is_empty() { "[]" } else { "]" })
            }
            Self::Object(fields) => {
                for (at, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{}:{value}", if at == 0 { "{" } else { "," }, quoted(name))?;
                }
                f.write_str(if fields.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

/// A list of what is JSON already.
pub fn list(items: &[String]) -> String {
    ["[", &items.join(","), "]"].concat()
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    // Writing a string cannot fail.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_kind_or_named_in_the_fault() {
        let json = Json::parse(r#"{"a":"x","b":7,"c":null,"d":[1],"e":1.5,"a b":true}"#).unwrap();
        assert_eq!((json.text_of("a"), json.integer_of("b")), (Ok("x"), Ok(7)));
        assert_eq!(json.list_of("d").unwrap(), [Json::Number("1".to_owned())]);
        let optional = ["a", "c", "nowhere"].map(|name| json.optional_text_of(name));
        assert_eq!(optional, [Ok(Some("x")), Ok(None), Ok(None)]);
        assert_eq!(json.integer_of("e").unwrap_err().to_string(), "e must be an integer, once");
        assert!(json.text_of("b").is_err() && json.optional_text_of("b").is_err());
        assert!(Json::Null.text_of("a").is_err());
    }

    #[test]
    fn a_field_that_is_there_twice_is_none() {
        let json = Json::parse(r#"{"a":"x","a":"y","b":null,"b":null}"#).unwrap();
        assert!(json.text_of("a").is_err() && json.optional_text_of("b").is_err());
        assert!(json.has("a") && json.field("a").is_none());
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let text = r#"{"a":[1,-2.50e+3,[]],"b":{"c\n\"":"₹\\","d":{}},"e":[true,false,null]}"#;
        assert_eq!(Json::parse(text).unwrap().to_string(), text);
    }
}
