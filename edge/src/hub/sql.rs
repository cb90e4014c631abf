//! The object's `SQLite`.

use crate::js;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

/// A handle of `state.storage.sql`.
#[derive(Clone, Copy)]
pub(super) struct Sql<'a>(pub(super) &'a JsValue);

impl Sql<'_> {
    /// The rows of a statement, each read as a `Row`: a tuple of its columns. `bindings` is a tuple or a list.
    pub(super) fn rows<Row: DeserializeOwned>(
        self,
        statement: &str,
        bindings: &impl Serialize,
    ) -> Result<Vec<Row>, String> {
        let bindings = serde_json::to_string(bindings).map_err(|error| error.to_string())?;
        let rows = js::query(self.0, statement, &bindings).map_err(|error| format!("{error:?}"))?;
        serde_json::from_str(&rows).map_err(|error| error.to_string())
    }

    /// The first row.
    pub(super) fn row<Row: DeserializeOwned>(
        self,
        statement: &str,
        bindings: &impl Serialize,
    ) -> Result<Option<Row>, String> {
        Ok(self.rows(statement, bindings)?.into_iter().next())
    }

    /// A statement without rows.
    pub(super) fn run(self, statement: &str, bindings: &impl Serialize) -> Result<(), String> {
        self.rows::<serde_json::Value>(statement, bindings).map(drop)
    }
}
