//! The object's `SQLite`. Bindings and rows cross as JSON, and a row is read column by column: with a type of serde's for
//! each kind of row the Hub alone was a tenth of the Worker.

use crate::js;
use valora_shared::json::{self, Json};
use wasm_bindgen::JsValue;

/// A handle of `state.storage.sql`.
#[derive(Clone, Copy)]
pub(super) struct Sql<'a>(pub(super) &'a JsValue);

/// What is put into a statement.
#[derive(Clone, Copy)]
pub(super) enum Bound<'a> {
    /// An integer, below 2^53.
    Number(i64),
    /// A text.
    Text(&'a str),
    /// NULL.
    Null,
}

/// What a statement brings, to be read in the order of its columns.
pub(super) struct Row(std::vec::IntoIter<Json>);

impl Sql<'_> {
    /// The rows of a statement.
    pub(super) fn rows(self, statement: &str, bindings: &[Bound<'_>]) -> Result<Vec<Row>, String> {
        let bindings: Vec<String> = bindings.iter().map(|bound| bound.to_json()).collect();
        let rows =
            js::query(self.0, statement, &json::list(&bindings)).map_err(|error| format!("{error:?}"))?;
        let Ok(Json::List(rows)) = Json::parse(&rows) else { return Err(unreadable()) };
        let row = |row| {
            if let Json::List(columns) = row { Ok(Row(columns.into_iter())) } else { Err(unreadable()) }
        };
        rows.into_iter().map(row).collect()
    }

    /// The first row.
    pub(super) fn row(self, statement: &str, bindings: &[Bound<'_>]) -> Result<Option<Row>, String> {
        Ok(self.rows(statement, bindings)?.into_iter().next())
    }

    /// A statement without rows.
    pub(super) fn run(self, statement: &str, bindings: &[Bound<'_>]) -> Result<(), String> {
        self.rows(statement, bindings).map(drop)
    }
}

impl Row {
    /// The next column, an integer.
    pub(super) fn number(&mut self) -> Result<i64, String> {
        self.0.next().as_ref().and_then(Json::integer).ok_or_else(unreadable)
    }

    /// The next column, a count.
    pub(super) fn count(&mut self) -> Result<u64, String> {
        self.number()?.try_into().map_err(|_| unreadable())
    }

    /// The next column, a text.
    pub(super) fn text(&mut self) -> Result<String, String> {
        self.maybe_text()?.ok_or_else(unreadable)
    }

    /// The next column, a text or NULL.
    pub(super) fn maybe_text(&mut self) -> Result<Option<String>, String> {
        match self.0.next() {
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(Json::Null) => Ok(None),
            _ => Err(unreadable()),
        }
    }
}

impl Bound<'_> {
    fn to_json(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => json::quoted(text),
            Self::Null => "null".to_owned(),
        }
    }
}

impl From<i64> for Bound<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Bound<'_> {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl<'a> From<&'a str> for Bound<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<Option<&'a str>> for Bound<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

#[cold]
fn unreadable() -> String {
    "a row is not what was asked for".to_owned()
}
