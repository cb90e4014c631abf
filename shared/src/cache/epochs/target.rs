//! What an admin purges.

use serde::{Deserialize, Serialize};

/// The most bytes of a pattern.
const MAX_PATTERN: usize = 200;
/// The most bytes of a tag; the origin's are shorter.
const MAX_TAG: usize = 256;

/// What is purged, as `?pattern=` says it: `*` everything, `tag:product:1` what bears the tag, `/api/prices/*` what
/// begins so, another pattern with stars (`/api/*/history`) what has its form, and anything without a star what contains
/// it. Patterns are compared with targets as they stand in cache keys, percent-encoded; the query takes part only where
/// the pattern has a question mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PurgeTarget {
    /// All there is.
    Everything,
    /// What bears the tag.
    Tag(String),
    /// What begins so.
    Prefix(String),
    /// What has this form; a star stands for any text, slashes included.
    Glob(String),
    /// What contains this.
    Contains(String),
}

impl PurgeTarget {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong, with the limit.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if let Some(tag) = pattern.strip_prefix("tag:") {
            let is_tag = (1..=MAX_TAG).contains(&tag.len())
                && !tag.chars().any(|character| character.is_whitespace() || character.is_control());
            return if is_tag {
                Ok(Self::Tag(tag.to_owned()))
            } else {
                Err(format!("must name a tag of 1 to {MAX_TAG} bytes without spaces behind `tag:`"))
            };
        }
        // Neither stands in a URL as it is, and so a pattern needs no escaping in JSON.
        let is_plain = pattern.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        if !is_plain || !(1..=MAX_PATTERN).contains(&pattern.len()) {
            return Err(format!(
                "must be `*`, `tag:…`, or a path or part of one, of 1 to {MAX_PATTERN} bytes, percent-encoded"
            ));
        }
        let beginning = pattern.trim_end_matches('*');
        Ok(if beginning.is_empty() {
            Self::Everything
        } else if !pattern.contains('*') {
            Self::Contains(pattern.to_owned())
        } else if beginning.starts_with('/') && !beginning.contains('*') {
            Self::Prefix(beginning.to_owned())
        } else {
            Self::Glob(pattern.to_owned())
        })
    }

    /// Whether an answer to `target`, a path with its query, is meant. What a tag means, only slots tell.
    pub fn matches(&self, target: &str) -> bool {
        let (Self::Prefix(text) | Self::Glob(text) | Self::Contains(text)) = self else {
            return *self == Self::Everything;
        };
        let path = target.split_once('?').filter(|_| !text.contains('?')).map_or(target, |(path, _)| path);
        match self {
            Self::Prefix(_) => path.starts_with(text.as_str()),
            Self::Contains(_) => path.contains(text.as_str()),
            _ => has_form(path, text),
        }
    }
}

/// Each piece between stars stands behind the one before. The first place it is found at is as good as any later one.
fn has_form(path: &str, glob: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return path == glob };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = path.strip_prefix(first).and_then(|path| path.strip_suffix(last));
    let left =
        middle.split('*').try_fold(inner, |path, piece| path.map(|path| Some(path.split_once(piece)?.1)));
    // An empty piece is found at once, wherever.
    left.flatten().is_some()
}

impl TryFrom<String> for PurgeTarget {
    type Error = String;

    fn try_from(pattern: String) -> Result<Self, String> {
        Self::parse(&pattern)
    }
}

impl From<PurgeTarget> for String {
    fn from(target: PurgeTarget) -> Self {
        match target {
            PurgeTarget::Everything => "*".to_owned(),
            PurgeTarget::Tag(tag) => format!("tag:{tag}"),
            PurgeTarget::Prefix(beginning) => beginning + "*",
            PurgeTarget::Glob(text) | PurgeTarget::Contains(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, target: &str) -> bool {
        PurgeTarget::parse(pattern).unwrap().matches(target)
    }

    #[test]
    fn a_pattern_says_which_kind_it_is() {
        let text = str::to_owned;
        for (pattern, target) in [
            ("*", PurgeTarget::Everything),
            ("***", PurgeTarget::Everything),
            ("tag:product:1", PurgeTarget::Tag(text("product:1"))),
            ("/api/prices/*", PurgeTarget::Prefix(text("/api/prices/"))),
            ("/api/*/history", PurgeTarget::Glob(text("/api/*/history"))),
            ("prices*", PurgeTarget::Glob(text("prices*"))),
            ("products", PurgeTarget::Contains(text("products"))),
            ("/api/prices", PurgeTarget::Contains(text("/api/prices"))),
        ] {
            assert_eq!(PurgeTarget::parse(pattern), Ok(target), "{pattern}");
        }
    }

    #[test]
    fn a_faulty_pattern_is_told_the_limit() {
        for pattern in ["", "a b", "é", "\"", "a\\b", &"x".repeat(201)] {
            assert!(PurgeTarget::parse(pattern).unwrap_err().contains("200"), "{pattern}");
        }
        for pattern in ["tag:", "tag:a b", &format!("tag:{}", "x".repeat(257))] {
            assert!(PurgeTarget::parse(pattern).unwrap_err().contains("256"), "{pattern}");
        }
    }

    #[test]
    fn paths_are_compared_and_queries_only_where_asked_for() {
        assert!(
            matches("/api/prices/*", "/api/prices/1?limit=1") && !matches("/api/prices/*", "/api/prices")
        );
        assert!(
            matches("/api/prices?ids*", "/api/prices?ids=1") && !matches("/api/prices?ids*", "/api/prices")
        );
        assert!(matches("products", "/api/products/1") && !matches("products", "/api/search?q=products"));
        assert!(!matches("q=products", "/api/search?q=products"));
        assert!(matches("?q=products", "/api/search?q=products"));
        assert!(matches("/api/*/history", "/api/prices/1/history?limit=5"));
        assert!(!matches("/api/*/history", "/api/prices/1/historyx"));
        assert!(matches("*a*b*a", "xaba") && !matches("*ab*ba", "aba"), "pieces do not overlap");
        assert!(matches("/a**c", "/abc") && matches("*", "anything"));
        assert!(!PurgeTarget::Tag("a".to_owned()).matches("/a"));
    }

    /// By the definition, one byte after the other.
    fn has_form_naively(path: &[u8], glob: &[u8]) -> bool {
        match glob.split_first() {
            None => path.is_empty(),
            Some((b'*', rest)) => (0..=path.len()).any(|at| has_form_naively(&path[at..], rest)),
            Some((first, rest)) => path.first() == Some(first) && has_form_naively(&path[1..], rest),
        }
    }

    proptest! {
        #[test]
        fn a_form_means_what_it_says(path in "[ab]{0,8}", glob in "[ab*]{0,6}") {
            prop_assert_eq!(has_form(&path, &glob), has_form_naively(path.as_bytes(), glob.as_bytes()));
        }

        #[test]
        fn a_target_is_read_as_it_is_written(pattern in "[ -~é]{0,12}|tag:[a-z:]{0,8}") {
            if let Ok(target) = PurgeTarget::parse(&pattern) {
                prop_assert_eq!(PurgeTarget::parse(&String::from(target.clone())), Ok(target));
            }
        }
    }
}
