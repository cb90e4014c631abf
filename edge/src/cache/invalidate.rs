//! A change that went through us makes what is stored of its target out of date (RFC 9111 §4.4).

use super::kv;
use crate::{background, isolate::Isolate, js::binding, platform};
use std::rc::Rc;
use valora_shared::{
    cache::{CacheKey, after_scheme, target_of},
    time::UnixMillis,
};

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

/// Marks them in memory, and forgets them behind the answer where KV has to forget them.
pub fn forget(isolate: &Rc<Isolate>, env: &worker::Env, ctx: &worker::Context, keys: Vec<CacheKey>) {
    let keys = mark(isolate, keys, platform::now());
    if let Some(namespace) = binding(env, kv::BINDING).filter(|_| !keys.is_empty()) {
        background::wait_until(ctx, async move {
            for key in &keys {
                kv::delete(&namespace, key).await;
            }
        });
    }
}

/// Marks them in memory; comes back with those that KV must forget, too.
///
/// The shop's changes purge by epoch, in KV as everywhere (ADR 0007): a mark only spares the one who made the change the
/// seconds until this isolate hears of it. So what memory does not hold is neither marked nor forgotten: everybody may
/// POST, to URLs of his choice.
fn mark(isolate: &Isolate, keys: Vec<CacheKey>, now: UnixMillis) -> Vec<CacheKey> {
    let is_proxy = isolate.is_proxy();
    for key in &keys {
        isolate.changed(key, now, is_proxy);
    }
    if is_proxy { keys } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::{Body, Entry, testing},
        settings::Settings,
    };
    use std::collections::HashMap;
    use wasm_bindgen::JsValue;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn isolate(mode: &str) -> Isolate {
        let source: HashMap<String, String> = HashMap::from([("EDGE_MODE".to_owned(), mode.to_owned())]);
        let isolate = Isolate::default();
        isolate.ensure_settings(|| Settings::read(&source), || 7);
        isolate
    }

    fn key(n: u32) -> CacheKey {
        CacheKey::from_url(&format!("/api/price?x={n}")).unwrap()
    }

    fn entry(sent_at: UnixMillis) -> Rc<Entry> {
        Rc::new(Entry::new(testing::stored(sent_at.0), Some(Body { handle: JsValue::NULL, bytes: 1 }), None))
    }

    #[test]
    fn changes_of_random_urls_cost_the_shop_neither_memory_nor_calls_of_kv() {
        let isolate = isolate("api");
        for n in 0..1_000 {
            assert!(mark(&isolate, vec![key(n)], NOW).is_empty(), "KV learns of epochs alone");
            assert!(isolate.is_current(&key(n), &entry(NOW)), "{n} was marked");
        }
        isolate.remember(&key(1), &|_| None, entry(NOW));
        assert!(mark(&isolate, vec![key(1)], NOW).is_empty());
        assert!(isolate.recall(&key(1), &|_| None).is_none(), "who changed it sees it changed");
        assert!(!isolate.is_current(&key(1), &entry(NOW)), "nor is KV's old one used here");
    }

    #[test]
    fn a_plain_cache_has_nothing_but_this_to_learn_of_changes() {
        let isolate = isolate("proxy");
        assert_eq!(mark(&isolate, vec![key(1)], NOW), [key(1)]);
        assert!(!isolate.is_current(&key(1), &entry(NOW)));
    }

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
