//! Where prices come from.

use crate::sources::{self, SourceSpec};
use std::path::PathBuf;
use valora_shared::config::{Reader, Setting, Source, Switch};

valora_shared::section! {
    /// Where prices come from.
    pub struct SourcesConfig("Price sources") {
        /// A file that declares the sources (origin/sources.example.toml shows how); without one, prices come from
        /// imported lists alone.
        pub file: Option<FilePath>, var "SOURCES_FILE";
        /// Whether sources may be at private addresses: for sources in one's own network, and for development.
        pub allow_private: Switch, var "SOURCES_ALLOW_PRIVATE" = "0";
    }
}

/// A file's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath(pub PathBuf);

impl Setting for FilePath {
    fn form() -> String {
        "a file's path".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.contains('\0') { Err(format!("it must be {}", Self::form())) } else { Ok(Self(text.into())) }
    }
}

impl SourcesConfig {
    /// The sources that the file declares; what is wrong with it is told with the variable's name.
    pub(super) fn specs(environment: &dyn Source, reader: &mut Reader<'_>) -> Vec<SourceSpec> {
        let Some(Some(FilePath(path))) = Self::file(reader) else { return Vec::new() };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                reader.fault("SOURCES_FILE", format!("{}: {error}", path.display()));
                return Vec::new();
            }
        };
        let directory = path.parent().unwrap_or(&path);
        sources::parse(&text, directory, environment).unwrap_or_else(|faults| {
            for fault in faults {
                reader.fault("SOURCES_FILE", format!("{}: {fault}", path.display()));
            }
            Vec::new()
        })
    }
}
