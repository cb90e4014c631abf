//! A change that went through us makes what is stored of its target out of date (RFC 9111 §4.4).

use super::kv;
use crate::{background, isolate::Isolate, js::binding, platform};
use std::rc::Rc;
use valora_shared::cache::{CacheKey, after_scheme, target_of};

/// Whether an answer to this method tells of a change.
pub fn is_change(method: &str, status: u16) -> bool {
    !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE") && (200..400).contains(&status)
}

/// The keys that a change makes out of date: its target, and what Location and Content-Location name on the same site.
/// `key_of` knows what is kept at all, and under which key.
pub fn keys(
    url: &str,
    named: impl Iterator<Item = String>,
    key_of: impl Fn(&str) -> Option<CacheKey>,
) -> Vec<CacheKey> {
    let site = |url: &str| {
        let path = after_scheme(url).and_then(|rest| rest.get(rest.find('/')?..));
        path.and_then(|path| url.strip_suffix(path)).unwrap_or("").to_ascii_lowercase()
    };
    let same_site = |other: &str| other.starts_with('/') || site(other) == site(url);
    let mut keys: Vec<CacheKey> = key_of(url).into_iter().collect();
    for other in named.filter(|other| same_site(other) && target_of(other).is_some()) {
        keys.extend(key_of(&other));
    }
    keys
}

/// Marks them in memory, and forgets them in KV behind the answer.
pub fn forget(isolate: &Rc<Isolate>, env: &worker::Env, ctx: &worker::Context, keys: Vec<CacheKey>) {
    let now = platform::now();
    for key in &keys {
        isolate.changed(key, now);
    }
    if let Some(namespace) = binding(env, kv::BINDING) {
        background::wait_until(ctx, async move {
            for key in &keys {
                kv::delete(&namespace, key).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reaches_what_it_names_on_the_same_site_alone() {
        assert!(is_change("POST", 201) && is_change("DELETE", 302));
        assert!(!is_change("POST", 400) && !is_change("GET", 200));
        let named = ["/b?x=1", "http://a/c", "HTTP://A/d", "http://other/e", "f"].map(str::to_owned);
        let keys = keys("http://a/target?y=1", named.into_iter(), |url| CacheKey::exact(url).ok());
        let keys: Vec<_> = keys.iter().map(CacheKey::as_str).collect();
        assert_eq!(keys, ["/target?y=1", "/b?x=1", "/c", "/d"]);
    }
}
