//! Cache-Status (RFC 9211): how the cache handled a request, for people and programs.

use std::fmt::Write as _;

/// This cache's name in the field.
const NAME: &str = "valora";

/// Why a request went on to the origin (RFC 9211 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// The cache did not look.
    Bypass,
    /// Nothing was stored.
    UriMiss,
    /// What was stored had to be checked.
    Stale,
    /// The method is not one that is answered from a cache.
    Method,
}

/// One member of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStatus<'a> {
    /// Why it was forwarded; `None` for a hit.
    pub forward: Option<Forward>,
    /// The origin's status, where it differs from the one that is sent.
    pub forward_status: Option<u16>,
    /// Seconds left; negative for how long it has been stale.
    pub ttl: Option<i64>,
    /// Whether the answer was stored.
    pub is_stored: bool,
    /// Whether another request's answer was shared.
    pub is_collapsed: bool,
    /// Anything else: the epoch obeyed, or that it was not verified.
    pub detail: Option<&'a str>,
}

impl Forward {
    fn token(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::UriMiss => "uri-miss",
            Self::Stale => "stale",
            Self::Method => "method",
        }
    }
}

impl CacheStatus<'_> {
    /// The field's value: `valora; hit; ttl=30; detail="e=41"`.
    pub fn to_text(&self) -> String {
        let mut text = NAME.to_owned();
        // Writing to a String cannot fail.
        match self.forward {
            None => text.push_str("; hit"),
            Some(forward) => _ = write!(text, "; fwd={}", forward.token()),
        }
        if let Some(status) = self.forward_status {
            let _ = write!(text, "; fwd-status={status}");
        }
        if let Some(ttl) = self.ttl {
            let _ = write!(text, "; ttl={ttl}");
        }
        if self.is_stored {
            text.push_str("; stored");
        }
        if self.is_collapsed {
            text.push_str("; collapsed");
        }
        if let Some(detail) = self.detail {
            let _ = write!(text, "; detail=\"{detail}\"");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_a_structured_one() {
        let hit = CacheStatus {
            forward: None,
            forward_status: None,
            ttl: Some(30),
            is_stored: false,
            is_collapsed: false,
            detail: Some("e=41"),
        };
        assert_eq!(hit.to_text(), r#"valora; hit; ttl=30; detail="e=41""#);
        let checked = CacheStatus {
            forward: Some(Forward::Stale),
            forward_status: Some(304),
            is_stored: true,
            is_collapsed: true,
            ..hit
        };
        let text = checked.to_text();
        assert_eq!(text, r#"valora; fwd=stale; fwd-status=304; ttl=30; stored; collapsed; detail="e=41""#);
        assert!(sfv::Parser::new(&text).parse::<sfv::List>().is_ok());
    }
}
