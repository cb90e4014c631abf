//! The fields of a JSON body, read one by one, so that all faults are told at once, each with its field.

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt};
use valora_shared::{
    id::ProductId,
    money::{Margin, Paise},
    problem::{FieldError, Place, Problem},
};

/// A JSON object. Every field that nobody asks for is a fault in the end.
#[derive(Debug)]
pub(crate) struct Fields {
    given: BTreeMap<String, Box<RawValue>>,
    faults: Vec<FieldError>,
}

/// Longer unknown names are not repeated in the answer.
const MAX_SHOWN: usize = 50;

impl Fields {
    /// Whether no field is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// A field that must be there. `None` where it is faulty, too; [`Self::finish`] tells.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&RawValue) -> Result<T, String>,
    ) -> Option<T> {
        if !self.given.contains_key(name) {
            self.fault(name, "is required");
        }
        self.optional(name, read)
    }

    /// A field that may be absent, but not null.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&RawValue) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.given.remove(name)?;
        self.read(name, &value, read)
    }

    /// A field that may be absent (`None`) or null (`Some(None)`).
    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    pub(crate) fn nullable<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&RawValue) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let value = self.given.remove(name)?;
        if value.get() == "null" { Some(None) } else { self.read(name, &value, read).map(Some) }
    }

    /// Something wrong with a field.
    pub(crate) fn fault(&mut self, name: &'static str, message: impl Into<String>) {
        self.faults.push(FieldError { field: name.into(), message: message.into(), place: Place::Body });
    }

    /// # Errors
    /// 422 that names every fault, unknown fields among them.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.given).into_keys() {
            let field = name.chars().take(MAX_SHOWN).collect::<String>().into();
            self.faults.push(FieldError {
                field,
                message: "is no field here".to_owned(),
                place: Place::Body,
            });
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::validation(self.faults)) }
    }

    fn read<T>(
        &mut self,
        name: &'static str,
        value: &RawValue,
        read: impl FnOnce(&RawValue) -> Result<T, String>,
    ) -> Option<T> {
        read(value).map_err(|message| self.fault(name, message)).ok()
    }
}

/// A text of `min` to `max` characters, none of them a control character; more than spaces, if it may not be empty.
pub(crate) fn text(min: usize, max: usize) -> impl FnOnce(&RawValue) -> Result<String, String> {
    move |value| {
        let text: String = serde_json::from_str(value.get()).map_err(|_| "must be a string")?;
        let has_text = min == 0 || text.chars().any(|character| character != ' ');
        // Not counted to the end: the text may be a megabyte.
        let length = text.chars().take(max + 1).count();
        if (min..=max).contains(&length) && has_text && !text.chars().any(char::is_control) {
            Ok(text)
        } else {
            let blank = if min == 0 { "" } else { ", not only spaces" };
            Err(format!("must be {min} to {max} characters without control characters{blank}"))
        }
    }
}

/// A price in paise; `1500.0` is an integer, too (JSON Schema says so).
pub(crate) fn paise(value: &RawValue) -> Result<Paise, String> {
    let text = value.get();
    let whole = match text.split_once('.') {
        Some((whole, part)) if part.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    let paise = serde_json::from_str(whole).ok().filter(|paise| (1..=Paise::MAX_PRICE.0).contains(paise));
    paise.map(Paise).ok_or_else(|| format!("must be an integer from 1 to {} (paise)", Paise::MAX_PRICE.0))
}

/// A margin: a number or a decimal text, never read as a float.
pub(crate) fn margin(value: &RawValue) -> Result<Margin, String> {
    Margin::from_json(value).map_err(|error| error.to_string())
}

/// `true` or `false`.
pub(crate) fn flag(value: &RawValue) -> Result<bool, String> {
    serde_json::from_str(value.get()).map_err(|_| "must be true or false".to_owned())
}

/// A product id.
pub(crate) fn product_id(value: &RawValue) -> Result<ProductId, String> {
    let text: String = serde_json::from_str(value.get()).map_err(|_| "must be a string")?;
    ProductId::parse(&text).map_err(|error| error.to_string())
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = BTreeMap<String, Box<RawValue>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with each field once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut given = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    if given.insert(name, value).is_some() {
                        return Err(A::Error::custom("a field stands there twice"));
                    }
                }
                Ok(given)
            }
        }

        Ok(Self { given: deserializer.deserialize_map(Object)?, faults: Vec::new() })
    }
}
