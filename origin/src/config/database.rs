//! Where the origin keeps things, in the form `SQLAlchemy` writes it, which the Python backend used.

use std::{fmt, path::PathBuf};
use valora_shared::config::{Reader, Setting, production::is_production};

valora_shared::section! {
    /// Where the origin keeps things.
    pub struct DatabaseConfig("Database") {
        /// The database. `sqlite:///./valora.db` is relative to the working directory, `sqlite:////var/lib/valora.db`
        /// is absolute (four slashes), `sqlite://` is in memory and gone at the end.
        pub url: DatabaseUrl, var "DATABASE_URL" = "sqlite:///./valora.db";
    }
}

/// A database that is supported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `SQLite` in this file.
    File(PathBuf),
    /// `SQLite` in memory.
    Memory,
}

impl DatabaseConfig {
    /// Rules between the variables.
    pub fn check(reader: &mut Reader<'_>) {
        if is_production(reader) && Self::url(reader) == Some(DatabaseUrl::Memory) {
            reader.fault(
                "DATABASE_URL",
                "must be a file when ENVIRONMENT is production: memory is gone at the end",
            );
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Memory => f.write_str("a database in memory"),
        }
    }
}

impl Setting for DatabaseUrl {
    fn form() -> String {
        "sqlite:///./relative.db, sqlite:////absolute/path.db or sqlite:// (in memory)".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fault = || format!("supported are {}", Self::form());
        match text.strip_prefix("sqlite://").ok_or_else(fault)? {
            "" | "/" | ":memory:" | "/:memory:" => Ok(Self::Memory),
            rest => match rest.strip_prefix('/') {
                Some(path) if !path.contains(['?', '#', '\0']) && !path.ends_with('/') => {
                    Ok(Self::File(path.into()))
                }
                _ => Err(fault()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_sqlalchemy_are_understood() {
        let file = |path: &str| Ok(DatabaseUrl::File(path.into()));
        assert_eq!(DatabaseUrl::parse("sqlite:///./valora.db"), file("./valora.db"));
        assert_eq!(DatabaseUrl::parse("sqlite:///valora.db"), file("valora.db"));
        assert_eq!(DatabaseUrl::parse("sqlite:////var/lib/v.db"), file("/var/lib/v.db"));
        for memory in ["sqlite://", "sqlite:///:memory:", "sqlite://:memory:"] {
            assert_eq!(DatabaseUrl::parse(memory), Ok(DatabaseUrl::Memory));
        }
    }

    #[test]
    fn anything_else_is_told_what_is_supported() {
        for bad in
            ["postgresql://db/x", "valora.db", "sqlite:valora.db", "sqlite://x.db", "sqlite:///a.db?mode=ro"]
        {
            assert!(DatabaseUrl::parse(bad).unwrap_err().contains("sqlite:////absolute/path.db"), "{bad}");
        }
    }
}
