//! One key for all spellings of the same request.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// A host-less, normalised request target: path, then the query sorted stably by name, without the parameters
/// that mean nothing to the origin. What the key leaves out does not go upstream either.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey(String);

/// A request URL without a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request URL has no path")]
pub struct InvalidTarget;

/// Parameters that advertising adds to links.
const TRACKING: [&str; 7] = ["fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "mc_eid"];
const TRACKING_PREFIX: &str = "utm_";

/// So many parameters are put in order; what comes behind them stays as it is, as no client of ours has so many.
const MAX_SORTED: usize = 64;

impl CacheKey {
    /// From an absolute URL or an origin-form target; a fragment is dropped.
    ///
    /// # Errors
    /// [`InvalidTarget`].
    pub fn from_url(url: &str) -> Result<Self, InvalidTarget> {
        let target = target_of(url).ok_or(InvalidTarget)?;
        let Some((path, query)) = target.split_once('?') else { return Ok(Self(target.to_owned())) };
        let mut pairs: Vec<&str> = Vec::new();
        for pair in query.split('&').filter(|pair| is_meant(path, &name_of(pair))) {
            // One by one, behind those of its name: a sort is nine kilobytes of Worker.
            let name = name_of(pair);
            let end = pairs.len();
            let at =
                if end < MAX_SORTED { pairs.partition_point(|known| name_of(known) <= name) } else { end };
            pairs.insert(at, pair);
        }
        if pairs.is_empty() {
            return Ok(Self(path.to_owned()));
        }
        Ok(Self(format!("{path}?{}", pairs.join("&"))))
    }

    /// The target as it came, for a cache that knows nothing of what its parameters mean.
    ///
    /// # Errors
    /// [`InvalidTarget`].
    pub fn exact(url: &str) -> Result<Self, InvalidTarget> {
        target_of(url).map(|target| Self(target.to_owned())).ok_or(InvalidTarget)
    }

    /// The key of one variant of it ([`variant`](super::variant)); a target holds no line break.
    #[must_use]
    pub fn of_variant(&self, variant: &str) -> Self {
        Self(format!("{}{variant}", self.0))
    }

    /// The target to ask the origin for: `/api/prices?ids=1,2`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The path of an absolute URL or origin-form target; `/` where there is none.
pub fn path_of(url: &str) -> &str {
    target_of(url).and_then(|target| target.split('?').next()).unwrap_or("/")
}

/// Path and query of an absolute URL or origin-form target, as they came; a fragment is dropped.
pub fn target_of(url: &str) -> Option<&str> {
    let after_site = match after_scheme(url) {
        Some(rest) => rest.get(rest.find('/')?..)?,
        None => url,
    };
    let target = after_site.split('#').next()?;
    target.starts_with('/').then_some(target)
}

/// What stands behind `https://`; `None` where there is no scheme. A query may hold another URL.
pub fn after_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once(':')?;
    rest.strip_prefix("//").filter(|_| !scheme.contains('/'))
}

/// A parameter's name as the origin reads it: `%6Cimit` is `limit`. Decoding costs only where there is something to
/// decode.
fn name_of(pair: &str) -> Cow<'_, str> {
    let name = pair.split('=').next().unwrap_or(pair);
    if name.contains('%') { percent_decode_str(name).decode_utf8_lossy() } else { Cow::Borrowed(name) }
}

/// Whether a parameter reaches the origin. `GET /api/price/{id}` accepts a margin and ignores it, so a different
/// one must not make a different entry.
fn is_meant(path: &str, name: &str) -> bool {
    let ignored_margin = name == "margin_percent" && path.starts_with("/api/price/");
    !(name.is_empty() || ignored_margin || name.starts_with(TRACKING_PREFIX) || TRACKING.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(url: &str) -> String {
        CacheKey::from_url(url).unwrap().0
    }

    #[test]
    fn host_order_fragment_and_tracking_make_no_difference() {
        assert_eq!(key("https://a.example/api/products?b=2&a=1#x"), "/api/products?a=1&b=2");
        assert_eq!(key("http://b:8787/api/products?a=1&utm_source=x&b=2&gclid=1"), "/api/products?a=1&b=2");
        assert_eq!(key("http://b/api/products?utm_source=x"), "/api/products");
        assert_eq!(key("http://b/api/products?"), "/api/products");
    }

    #[test]
    fn values_of_one_name_keep_their_order_and_unknown_names_count() {
        assert_eq!(key("/api/x?a=2&a=1"), "/api/x?a=2&a=1");
        assert_ne!(key("/api/x?q=1"), key("/api/x"));
        assert_eq!(key("/a?next=http://b/c"), "/a?next=http://b/c");
    }

    #[test]
    fn an_encoded_name_is_the_name_it_stands_for() {
        assert_eq!(key("/api/price/1?margin%5Fpercent=9"), "/api/price/1");
        assert_eq!(key("/api/products?u%74m_source=x"), "/api/products");
        // They keep their order, because the origin takes them for one name.
        assert_eq!(key("/api/products?limit=2&%6Cimit=1"), "/api/products?limit=2&%6Cimit=1");
        assert_eq!(key("/api/products?%6Cimit=1&a=2"), "/api/products?a=2&%6Cimit=1");
    }

    #[test]
    fn a_margin_asked_of_get_price_is_dropped_and_elsewhere_kept() {
        assert_eq!(key("/api/price/1?margin_percent=9"), "/api/price/1");
        assert_eq!(key("/api/products?margin_percent=9"), "/api/products?margin_percent=9");
    }

    #[test]
    fn a_url_without_a_path_is_refused() {
        assert_eq!(CacheKey::from_url("http://host"), Err(InvalidTarget));
        assert_eq!(CacheKey::from_url(""), Err(InvalidTarget));
        assert_eq!(path_of("http://host/api/x?y=/z"), "/api/x");
        assert_eq!(path_of("nonsense"), "/");
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(url in "(https?://h)?/[a-z/]{0,9}(\\?[a-z=&_0-9:/]{0,40})?") {
            if let Ok(once) = CacheKey::from_url(&url) {
                prop_assert_eq!(CacheKey::from_url(once.as_str()), Ok(once.clone()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(url in ".{0,60}") {
            let _ = CacheKey::from_url(&url);
            let _ = path_of(&url);
        }
    }
}
