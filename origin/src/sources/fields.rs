//! Takes fields out of a TOML table and gathers what is wrong with them, each with its line.

use std::{collections::BTreeMap, fmt, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// One thing wrong with a sources file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// Where.
    pub line: usize,
    /// Which source, where that is known.
    pub source: Option<String>,
    /// What. Holds no secret.
    pub message: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(source) = &self.source {
            write!(f, " (source {source:?})")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The line that a byte is on.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// A table whose fields are taken one by one.
pub(super) struct Fields<'a> {
    text: &'a str,
    start: usize,
    label: Option<String>,
    rest: BTreeMap<String, (Range<usize>, Spanned<DeValue<'a>>)>,
    faults: Vec<FileFault>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(text: &'a str, start: usize, table: DeTable<'a>) -> Self {
        let rest =
            table.into_iter().map(|(key, value)| (key.get_ref().to_string(), (key.span(), value))).collect();
        Self { text, start, label: None, rest, faults: Vec::new() }
    }

    /// What faults from now on are told to be of.
    pub(super) fn label(&mut self, name: &str) {
        self.label = Some(name.to_owned());
    }

    pub(super) fn fault(&mut self, at: usize, message: impl Into<String>) {
        let line = line_of(self.text, at);
        self.faults.push(FileFault { line, source: self.label.clone(), message: message.into() });
    }

    fn take(&mut self, name: &str) -> Option<Spanned<DeValue<'a>>> {
        self.rest.remove(name).map(|(_, value)| value)
    }

    /// `None` where the field is absent or faulty; the latter is told.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&DeValue<'a>) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(name)?;
        match read(value.get_ref()) {
            Ok(read) => Some(read),
            Err(reason) => {
                self.fault(value.span().start, format!("{name} {reason}"));
                None
            }
        }
    }

    /// The same, but absence is told as well.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&DeValue<'a>) -> Result<T, String>,
    ) -> Option<T> {
        if !self.rest.contains_key(name) {
            self.fault(self.start, format!("{name} is missing"));
        }
        self.optional(name, read)
    }

    /// A value or its default; a faulty one, which is told, also gives the default.
    pub(super) fn integer(&mut self, name: &str, range: std::ops::RangeInclusive<u64>, default: u64) -> u64 {
        let read = |value: &DeValue<'_>| {
            let number = value.as_integer().filter(|number| number.radix() == 10);
            let number = number.and_then(|number| number.as_str().replace('_', "").parse().ok());
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("must be an integer from {} to {}", range.start(), range.end()))
        };
        self.optional(name, read).unwrap_or(default)
    }

    /// The entries of a table of texts, each with its place.
    pub(super) fn texts(&mut self, name: &str) -> Vec<(String, String, usize)> {
        let Some(value) = self.take(name) else { return Vec::new() };
        let at = value.span().start;
        let DeValue::Table(table) = value.into_inner() else {
            self.fault(at, format!("{name} must be a table of texts"));
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, value) in table {
            match value.get_ref().as_str() {
                Some(text) => entries.push((key.get_ref().to_string(), text.to_owned(), value.span().start)),
                None => self.fault(value.span().start, format!("{name}.{} must be a text", key.get_ref())),
            }
        }
        entries
    }

    /// Everything wrong, fields that nobody took included.
    pub(super) fn finish(mut self) -> Vec<FileFault> {
        for (name, (span, _)) in std::mem::take(&mut self.rest) {
            self.fault(span.start, format!("{name} is no field of this kind of source"));
        }
        self.faults
    }
}

/// A text that is not empty.
pub(super) fn text(value: &DeValue<'_>) -> Result<String, String> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| "must be a text".to_owned())
}
