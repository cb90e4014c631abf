//! Query strings, read strictly: what is no percent-encoded UTF-8 is told so, not guessed at.

use crate::error::AppError;
use axum::{extract::FromRequestParts, http::request::Parts};
use percent_encoding::percent_decode_str;
use valora_shared::problem::{ErrorCode, Problem};

/// Names and values. Unknown names are ignored by whoever reads it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The value of a parameter; of several the last, as the Python backend took it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether none of `names` is given.
    pub(crate) fn lacks_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.get(name).is_none())
    }

    fn parse(text: &str) -> Option<Self> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        pairs.collect::<Option<_>>().map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let unreadable = || Problem::new(ErrorCode::BadRequest, "The query is not percent-encoded UTF-8.");
        Ok(Self::parse(parts.uri.query().unwrap_or("")).ok_or_else(unreadable)?)
    }
}

fn decode(text: &str) -> Option<String> {
    let escapes = text.split('%').skip(1);
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !escapes.into_iter().all(is_escape) {
        return None;
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_the_last_of_a_name_counts() {
        let query = Query::parse("a=1&b=x%20y+z&&a=2&flag&c=%E2%82%B9").unwrap();
        assert_eq!(query.get("a"), Some("2"));
        assert_eq!(query.get("b"), Some("x y z"));
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("c"), Some("₹"));
        assert!(query.lacks_all(&["d", "e"]) && !query.lacks_all(&["d", "a"]));
    }

    #[test]
    fn broken_escapes_and_other_encodings_are_refused() {
        for bad in ["a=%", "a=%2", "a=%zz", "%ff=1", "a=%C3%28", "a=1%é"] {
            assert_eq!(Query::parse(bad), None, "{bad}");
        }
    }
}
