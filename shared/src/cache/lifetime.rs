//! How long an answer of the origin may be kept.

use super::MAX_LIFETIME_SECONDS;
use sfv::{BareItem, Dictionary, ListEntry, Parser};

/// What decides in an answer of the origin; header values as text, absent ones as `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct UpstreamFields<'a> {
    /// The status.
    pub status: u16,
    /// Cache-Control.
    pub cache_control: Option<&'a str>,
    /// CDN-Cache-Control (RFC 9213), which replaces Cache-Control entirely when it is valid.
    pub cdn_cache_control: Option<&'a str>,
    /// Whether there is a Set-Cookie.
    pub sets_cookie: bool,
    /// Vary.
    pub vary: Option<&'a str>,
}

/// Seconds an answer may be kept, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(u32);

/// Why an answer is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStored {
    /// Only 200 is kept so far.
    Status,
    /// Set-Cookie: it is meant for one client.
    Cookie,
    /// The origin says no-store, private or no-cache where that governs.
    Forbidden,
    /// It differs by a request header that the key does not know.
    Vary,
    /// Nothing says how long.
    NoLifetime,
}

impl Lifetime {
    /// Seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// Decides for one answer. CDN-Cache-Control governs when it is valid, else Cache-Control's s-maxage, then its
/// max-age; never more than [`MAX_LIFETIME_SECONDS`].
///
/// # Errors
/// The reason why it is not stored.
pub fn lifetime(fields: &UpstreamFields<'_>) -> Result<Lifetime, NotStored> {
    if fields.status != 200 {
        return Err(NotStored::Status);
    }
    if fields.sets_cookie {
        return Err(NotStored::Cookie);
    }
    if !fields.vary.unwrap_or("").split(',').map(str::trim).all(is_ignorable_vary) {
        return Err(NotStored::Vary);
    }
    let governing = fields.cdn_cache_control.and_then(parse).or_else(|| fields.cache_control.and_then(parse));
    let directives = governing.ok_or(NotStored::NoLifetime)?;
    if ["no-store", "private", "no-cache"].iter().any(|name| directives.contains_key(*name)) {
        return Err(NotStored::Forbidden);
    }
    let seconds = seconds(&directives, "s-maxage").or_else(|| seconds(&directives, "max-age"));
    match seconds {
        Some(seconds @ 1..) => Ok(Lifetime(seconds.min(MAX_LIFETIME_SECONDS))),
        _ => Err(NotStored::NoLifetime),
    }
}

/// Origin: the edge answers CORS itself. Accept-Encoding: bodies are kept as identity.
fn is_ignorable_vary(name: &str) -> bool {
    name.is_empty() || name.eq_ignore_ascii_case("origin") || name.eq_ignore_ascii_case("accept-encoding")
}

/// Both fields are read as dictionaries of structured fields (RFC 9213 §2.1); an invalid one is no statement.
fn parse(text: &str) -> Option<Dictionary> {
    Parser::new(&text.to_ascii_lowercase()).parse::<Dictionary>().ok()
}

fn seconds(directives: &Dictionary, name: &str) -> Option<u32> {
    match directives.get(name)? {
        ListEntry::Item(item) => match &item.bare_item {
            BareItem::Integer(value) => Some(u32::try_from(i64::from(*value)).unwrap_or(0)),
            _ => None,
        },
        ListEntry::InnerList(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cdn(value: &str) -> Result<u32, NotStored> {
        let fields = UpstreamFields {
            status: 200,
            cache_control: Some("no-cache"),
            cdn_cache_control: Some(value),
            ..UpstreamFields::default()
        };
        lifetime(&fields).map(Lifetime::seconds)
    }

    #[test]
    fn cdn_cache_control_governs_and_five_seconds_is_the_most() {
        assert_eq!(cdn("max-age=3"), Ok(3));
        assert_eq!(cdn("max-age=600, stale-while-revalidate=60"), Ok(MAX_LIFETIME_SECONDS));
        assert_eq!(cdn("max-age=0"), Err(NotStored::NoLifetime));
        assert_eq!(cdn("max-age=60, private"), Err(NotStored::Forbidden));
        assert_eq!(cdn("no-store"), Err(NotStored::Forbidden));
    }

    #[test]
    fn an_invalid_cdn_cache_control_falls_back_to_cache_control() {
        assert_eq!(cdn("max-age=;;"), Err(NotStored::Forbidden));
        let fields = UpstreamFields {
            status: 200,
            cache_control: Some("public, max-age=9, s-maxage=2"),
            cdn_cache_control: Some("=="),
            ..UpstreamFields::default()
        };
        assert_eq!(lifetime(&fields).map(Lifetime::seconds), Ok(2));
    }

    #[test]
    fn what_is_meant_for_one_client_is_not_kept() {
        let ok =
            UpstreamFields { status: 200, cache_control: Some("max-age=4"), ..UpstreamFields::default() };
        assert_eq!(lifetime(&ok).map(Lifetime::seconds), Ok(4));
        assert_eq!(lifetime(&UpstreamFields { status: 404, ..ok }), Err(NotStored::Status));
        assert_eq!(lifetime(&UpstreamFields { sets_cookie: true, ..ok }), Err(NotStored::Cookie));
        assert_eq!(lifetime(&UpstreamFields { vary: Some("Origin, Cookie"), ..ok }), Err(NotStored::Vary));
        assert_eq!(lifetime(&UpstreamFields { vary: Some("*"), ..ok }), Err(NotStored::Vary));
        assert!(lifetime(&UpstreamFields { vary: Some("Origin"), ..ok }).is_ok());
        assert_eq!(lifetime(&UpstreamFields { cache_control: None, ..ok }), Err(NotStored::NoLifetime));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_or_live_too_long(text in ".{0,60}") {
            prop_assert!(cdn(&text).is_ok_and(|seconds| (1..=MAX_LIFETIME_SECONDS).contains(&seconds)) || cdn(&text).is_err());
        }
    }
}
