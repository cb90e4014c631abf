//! What a Cache-Control or a targeted field says (RFC 9111 §5.2, RFC 5861, RFC 9213).

use super::fields::members;
use sfv::{BareItem, Dictionary, ListEntry, Parser};

/// Seconds that stand for "for ever" (RFC 9111 §1.2.2).
pub const MAX_SECONDS: u32 = 1 << 31;

/// What a response says about being kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a directive of its own")]
pub struct ResponseControl {
    /// no-store.
    pub no_store: bool,
    /// no-cache, with or without field names.
    pub no_cache: bool,
    /// private, with or without field names.
    pub private: bool,
    /// public.
    pub public: bool,
    /// must-revalidate.
    pub must_revalidate: bool,
    /// proxy-revalidate.
    pub proxy_revalidate: bool,
    /// must-understand.
    pub must_understand: bool,
    /// s-maxage, seconds.
    pub s_maxage: Option<u32>,
    /// max-age, seconds.
    pub max_age: Option<u32>,
    /// stale-while-revalidate, seconds.
    pub stale_while_revalidate: Option<u32>,
    /// stale-if-error, seconds.
    pub stale_if_error: Option<u32>,
}

/// What a request says about being answered from a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestControl {
    /// no-store.
    pub no_store: bool,
    /// no-cache, or Pragma: no-cache where there is no Cache-Control.
    pub no_cache: bool,
    /// only-if-cached.
    pub only_if_cached: bool,
    /// max-age, seconds.
    pub max_age: Option<u32>,
    /// min-fresh, seconds.
    pub min_fresh: Option<u32>,
    /// max-stale, seconds; [`MAX_SECONDS`] where it has no argument.
    pub max_stale: Option<u32>,
}

impl ResponseControl {
    /// Of a Cache-Control.
    pub fn parse(text: &str) -> Self {
        let mut control = Self::default();
        for (name, argument) in directives(text) {
            // RFC 9111 §4.2.1: of several lifetimes the first counts; one that is no number is none that is alive.
            let seconds = || argument.and_then(seconds).unwrap_or(0);
            match name.as_str() {
                "no-store" => control.no_store = true,
                "no-cache" => control.no_cache = true,
                "private" => control.private = true,
                "public" => control.public = true,
                "must-revalidate" => control.must_revalidate = true,
                "proxy-revalidate" => control.proxy_revalidate = true,
                "must-understand" => control.must_understand = true,
                "s-maxage" => _ = control.s_maxage.get_or_insert_with(seconds),
                "max-age" => _ = control.max_age.get_or_insert_with(seconds),
                "stale-while-revalidate" => _ = control.stale_while_revalidate.get_or_insert_with(seconds),
                "stale-if-error" => _ = control.stale_if_error.get_or_insert_with(seconds),
                _ => {}
            }
        }
        control
    }

    /// Of a targeted field, a dictionary of structured fields (RFC 9213 §2.1). `None` where it is invalid or empty: it
    /// then says nothing, and Cache-Control governs.
    pub fn parse_targeted(text: &str) -> Option<Self> {
        let dictionary =
            Parser::new(text).parse::<Dictionary>().ok().filter(|members| !members.is_empty())?;
        let bare = |name: &str| match dictionary.get(name) {
            Some(ListEntry::Item(item)) => Some(&item.bare_item),
            _ => None,
        };
        // A value of another type than the directive's is ignored (§2.1).
        let flag = |name: &str| match bare(name) {
            Some(BareItem::Boolean(is_set)) => *is_set,
            // no-cache and private may name fields; VALORA heeds them for the whole answer.
            Some(BareItem::String(_)) => matches!(name, "no-cache" | "private"),
            _ => false,
        };
        let seconds = |name: &str| match bare(name) {
            Some(BareItem::Integer(value)) => {
                Some(u32::try_from(i64::from(*value).max(0)).unwrap_or(MAX_SECONDS).min(MAX_SECONDS))
            }
            _ => None,
        };
        Some(Self {
            no_store: flag("no-store"),
            no_cache: flag("no-cache"),
            private: flag("private"),
            public: flag("public"),
            must_revalidate: flag("must-revalidate"),
            proxy_revalidate: flag("proxy-revalidate"),
            must_understand: flag("must-understand"),
            s_maxage: seconds("s-maxage"),
            max_age: seconds("max-age"),
            stale_while_revalidate: seconds("stale-while-revalidate"),
            stale_if_error: seconds("stale-if-error"),
        })
    }

    /// Whether a stale answer must never be used unchecked, nor when the origin fails (RFC 9111 §4.2.4).
    pub fn forbids_stale(&self) -> bool {
        self.must_revalidate || self.proxy_revalidate || self.no_cache || self.s_maxage.is_some()
    }
}

impl RequestControl {
    /// Of a request's Cache-Control and Pragma.
    pub fn parse(cache_control: Option<&str>, pragma: Option<&str>) -> Self {
        let mut control = Self::default();
        let Some(text) = cache_control else {
            // RFC 9111 §5.4.
            control.no_cache =
                pragma.is_some_and(|pragma| members(pragma).any(|m| m.eq_ignore_ascii_case("no-cache")));
            return control;
        };
        for (name, argument) in directives(text) {
            let given = argument.and_then(seconds);
            match name.as_str() {
                "no-store" => control.no_store = true,
                "no-cache" => control.no_cache = true,
                "only-if-cached" => control.only_if_cached = true,
                "max-age" => control.max_age = control.max_age.or(given),
                "min-fresh" => control.min_fresh = control.min_fresh.or(given),
                "max-stale" => control.max_stale = Some(argument.map_or(MAX_SECONDS, |_| given.unwrap_or(0))),
                _ => {}
            }
        }
        control
    }
}

/// Names in lower case, and arguments without quotes.
fn directives(text: &str) -> impl Iterator<Item = (String, Option<&str>)> {
    members(text).map(|member| match member.split_once('=') {
        Some((name, argument)) => {
            (name.trim_end().to_ascii_lowercase(), Some(argument.trim_start().trim_matches('"')))
        }
        None => (member.to_ascii_lowercase(), None),
    })
}

/// delta-seconds (RFC 9111 §1.2.2); a number too large is [`MAX_SECONDS`].
pub(super) fn seconds(text: &str) -> Option<u32> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().unwrap_or(MAX_SECONDS).min(MAX_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_control_is_read_as_people_write_it() {
        let control =
            ResponseControl::parse(r#"Max-Age="60" , PRIVATE="a, b",s-maxage=99999999999,max-age=7"#);
        assert_eq!((control.max_age, control.s_maxage), (Some(60), Some(MAX_SECONDS)));
        assert!(control.private && control.forbids_stale());
        assert_eq!(ResponseControl::parse("max-age=soon").max_age, Some(0), "not alive");
        assert_eq!(ResponseControl::parse("max-age=-1").max_age, Some(0));
    }

    #[test]
    fn a_targeted_field_is_a_dictionary_or_nothing() {
        let control = ResponseControl::parse_targeted("max-age=600, stale-if-error=86400").unwrap();
        assert_eq!((control.max_age, control.stale_if_error), (Some(600), Some(86_400)));
        assert!(ResponseControl::parse_targeted("no-store").unwrap().no_store);
        assert!(!ResponseControl::parse_targeted("no-store=?0").unwrap().no_store);
        assert_eq!(ResponseControl::parse_targeted("max-age=\"60\"").unwrap().max_age, None);
        for invalid in ["", "max-age=;;", "MAX-AGE=1", "a, ,b"] {
            assert_eq!(ResponseControl::parse_targeted(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn pragma_counts_only_without_cache_control() {
        assert!(RequestControl::parse(None, Some("no-cache")).no_cache);
        assert!(!RequestControl::parse(Some("max-stale"), Some("no-cache")).no_cache);
        assert_eq!(RequestControl::parse(Some("max-stale"), None).max_stale, Some(MAX_SECONDS));
        assert_eq!(RequestControl::parse(Some("max-stale=9,max-age=0"), None).max_stale, Some(9));
    }
}
