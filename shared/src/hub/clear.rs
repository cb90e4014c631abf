//! What an admin asks to be purged.

use crate::{
    cache::PurgeTarget,
    events::PurgeMode,
    problem::{FieldError, Place, Problem},
};
use percent_encoding::percent_decode_str;

/// `?pattern=…&mode=hard|soft|revalidate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clear {
    /// As given.
    pub pattern: String,
    /// What it means.
    pub target: PurgeTarget,
    /// `hard` where nothing is said.
    pub mode: PurgeMode,
}

impl Clear {
    /// From a query, without its question mark; unknown parameters are ignored.
    ///
    /// # Errors
    /// A validation problem with every faulty parameter and its limit.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let given = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
            Some(decoded(value))
        };
        let pattern = given("pattern").unwrap_or_default();
        let target = PurgeTarget::parse(&pattern);
        let mode = given("mode").map_or(Some(PurgeMode::Hard), |name| PurgeMode::parse(&name));
        match (target, mode) {
            (Ok(target), Some(mode)) => Ok(Self { pattern, target, mode }),
            (target, mode) => {
                let fault = |field: &'static str, message: String| FieldError {
                    field: field.into(),
                    message,
                    place: Place::Query,
                };
                let target = target.err().map(|message| fault("pattern", message));
                let mode =
                    mode.is_none().then(|| fault("mode", "must be hard, soft or revalidate".to_owned()));
                Err(Problem::validation(target.into_iter().chain(mode).collect()))
            }
        }
    }
}

/// A value of a query.
pub fn decoded(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_decoded_and_a_mode_is_hard_unless_said() {
        let clear = Clear::parse("x=1&pattern=%2Fapi%2Fprices%2F*").unwrap();
        assert_eq!((clear.pattern.as_str(), clear.mode), ("/api/prices/*", PurgeMode::Hard));
        assert_eq!(clear.target, PurgeTarget::Prefix("/api/prices/".to_owned()));
        let clear = Clear::parse("mode=soft&pattern=tag:category:Home%2520Kitchen").unwrap();
        assert_eq!(clear.target, PurgeTarget::Tag("category:Home%20Kitchen".to_owned()));
        assert_eq!(clear.mode, PurgeMode::Soft);
    }

    #[test]
    fn faults_are_named_together_with_their_limits() {
        let problem = Clear::parse("mode=burn").unwrap_err();
        let fields: Vec<&str> = problem.errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["pattern", "mode"]);
        assert!(
            problem.errors[0].message.contains("200") && problem.errors[1].message.contains("revalidate")
        );
        for query in ["", "pattern=", "pattern=a%20b", "pattern=%FF", "pattern=*&mode="] {
            assert_eq!(Clear::parse(query).unwrap_err().errors.len(), 1, "{query}");
        }
    }
}
