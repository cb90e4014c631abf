//! The isolate's own tier, bounded by bytes.

use super::Entry;
use foldhash::fast::FixedState;
use quick_cache::{Weighter, unsync::Cache};
use std::rc::Rc;
use valora_shared::{
    cache::{CacheKey, variant},
    time::UnixMillis,
};

/// For the first size of the table: what a product's answer takes, roughly.
const TYPICAL_ENTRY_BYTES: u64 = 8_192;
/// What a mark takes, roughly.
const MARK_BYTES: u64 = 256;

/// What is held under a key.
#[derive(Clone)]
enum Held {
    /// The only answer, or one variant.
    Entry(Rc<Entry>),
    /// Answers differ by these request fields; each variant is held under a key of its own.
    Varies(Rc<[String]>, UnixMillis),
    /// A change was made through us: what was asked for up to then is out of date (RFC 9111 §4.4).
    Changed(UnixMillis),
}

/// Entries by key; the least useful ones leave when the bytes run out.
pub struct MemoryTier(Cache<CacheKey, Held, ByBytes, FixedState>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Held> for ByBytes {
    fn weight(&self, key: &CacheKey, held: &Held) -> u64 {
        let key_bytes = u64::try_from(key.as_str().len()).unwrap_or(u64::MAX);
        let bytes = if let Held::Entry(entry) = held { entry.weight() } else { MARK_BYTES };
        bytes.saturating_add(key_bytes)
    }
}

/// A request's fields, by name.
pub type Header<'a> = &'a dyn Fn(&str) -> Option<String>;

impl MemoryTier {
    /// A tier for `capacity` bytes. Clients choose the keys; with a random `seed` they cannot choose collisions.
    pub fn new(capacity: u64, seed: u64) -> Self {
        let entries = usize::try_from(capacity / TYPICAL_ENTRY_BYTES).unwrap_or(usize::MAX);
        let hasher = FixedState::with_seed(seed);
        Self(Cache::with(
            entries,
            capacity,
            ByBytes,
            hasher,
            quick_cache::unsync::DefaultLifecycle::default(),
        ))
    }

    /// Entries and their bytes, as they are counted against the capacity.
    pub fn size(&self) -> (u64, u64) {
        (u64::try_from(self.0.len()).unwrap_or(u64::MAX), self.0.weight())
    }

    /// The entry for a request.
    pub fn get(&self, key: &CacheKey, header: Header<'_>) -> Option<Rc<Entry>> {
        match self.0.get(key)? {
            Held::Entry(entry) => Some(Rc::clone(entry)),
            Held::Changed(_) => None,
            Held::Varies(names, since) => match self.0.get(&key.of_variant(&variant(names, header)))? {
                Held::Entry(entry) if entry.stored().sent_at >= *since => Some(Rc::clone(entry)),
                _ => None,
            },
        }
    }

    /// Whether an answer that was asked for at `sent_at` may still be used: nothing was changed through us since.
    pub fn is_current(&self, key: &CacheKey, sent_at: UnixMillis) -> bool {
        match self.0.peek(key) {
            Some(Held::Changed(at)) => sent_at > *at,
            Some(Held::Varies(_, since)) => sent_at >= *since,
            Some(Held::Entry(_)) | None => true,
        }
    }

    /// Keeps `entry`, unless what is kept was asked for later: a slow old answer must not put an old price back. One
    /// that is larger than the whole tier is not kept.
    pub fn insert(&mut self, key: &CacheKey, header: Header<'_>, entry: Rc<Entry>) {
        let sent_at = entry.stored().sent_at;
        if !self.is_current(key, sent_at) {
            return;
        }
        let names = &entry.stored().keeping.vary;
        if names.is_empty() {
            return self.put(key.clone(), entry);
        }
        let since = match self.0.peek(key) {
            Some(Held::Changed(at)) => at.after(1),
            Some(Held::Varies(_, since)) => *since,
            Some(Held::Entry(_)) | None => UnixMillis(0),
        };
        self.0.insert(key.clone(), Held::Varies(names.as_slice().into(), since));
        self.put(key.of_variant(&variant(names, header)), entry);
    }

    /// Whether anything is known of the key.
    pub fn holds(&self, key: &CacheKey) -> bool {
        self.0.peek(key).is_some()
    }

    /// Marks that something was changed through us.
    pub fn change(&mut self, key: &CacheKey, now: UnixMillis) {
        self.0.insert(key.clone(), Held::Changed(now));
    }

    fn put(&mut self, key: CacheKey, entry: Rc<Entry>) {
        let kept_later = match self.0.peek(&key) {
            Some(Held::Entry(kept)) => kept.stored().sent_at > entry.stored().sent_at,
            _ => false,
        };
        if !kept_later {
            self.0.insert(key, Held::Entry(entry));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Body, testing};
    use wasm_bindgen::JsValue;

    fn entry(sent_at: i64, bytes: u64) -> Rc<Entry> {
        let body = Body { handle: JsValue::NULL, bytes };
        Rc::new(Entry::new(testing::stored(sent_at), Some(body), None))
    }

    fn key(n: u64) -> CacheKey {
        CacheKey::from_url(&format!("/api/products/{n}")).unwrap()
    }

    fn tier() -> MemoryTier {
        MemoryTier::new(1 << 20, 7)
    }

    fn sent_at(tier: &MemoryTier, n: u64) -> Option<i64> {
        tier.get(&key(n), &|_| None).map(|entry| entry.stored().sent_at.0)
    }

    #[test]
    fn what_is_kept_never_weighs_more_than_the_tier_may() {
        let mut tier = tier();
        for n in 0..5_000 {
            tier.insert(&key(n), &|_| None, entry(1, 4_096));
        }
        assert!(tier.size().1 <= 1 << 20);
        assert!(tier.size().0 > 50, "and it is used");
        tier.insert(&key(9_999), &|_| None, entry(1, 1 << 21));
        assert_eq!(sent_at(&tier, 9_999), None, "one larger than the tier is not kept");
    }

    #[test]
    fn an_older_answer_that_comes_late_does_not_replace_a_newer_one() {
        let mut tier = tier();
        for at in [2_000, 1_000] {
            tier.insert(&key(1), &|_| None, entry(at, 1));
        }
        assert_eq!(sent_at(&tier, 1), Some(2_000));
        tier.insert(&key(1), &|_| None, entry(3_000, 1));
        assert_eq!(sent_at(&tier, 1), Some(3_000));
    }

    #[test]
    fn each_variant_is_its_own() {
        let mut tier = tier();
        let in_language = |language: &'static str| move |_: &str| Some(language.to_owned());
        let entry = |at| {
            let mut stored = testing::stored(at);
            stored.keeping.vary = vec!["accept-language".to_owned()];
            Rc::new(Entry::new(stored, None, None))
        };
        tier.insert(&key(1), &in_language("en"), entry(1));
        tier.insert(&key(1), &in_language("hi"), entry(2));
        let at = |tier: &MemoryTier, language| {
            tier.get(&key(1), &in_language(language)).map(|entry| entry.stored().sent_at.0)
        };
        assert_eq!((at(&tier, "en"), at(&tier, "hi"), at(&tier, "de")), (Some(1), Some(2), None));
        tier.change(&key(1), UnixMillis(5));
        assert_eq!(at(&tier, "en"), None);
        tier.insert(&key(1), &in_language("en"), entry(9));
        assert_eq!((at(&tier, "en"), at(&tier, "hi")), (Some(9), None), "old variants do not rise again");
    }

    #[test]
    fn after_a_change_only_what_was_asked_for_later_is_kept() {
        let mut tier = tier();
        tier.insert(&key(1), &|_| None, entry(1, 1));
        tier.change(&key(1), UnixMillis(5));
        assert_eq!(sent_at(&tier, 1), None);
        tier.insert(&key(1), &|_| None, entry(4, 1));
        assert_eq!(sent_at(&tier, 1), None);
        tier.insert(&key(1), &|_| None, entry(6, 1));
        assert_eq!(sent_at(&tier, 1), Some(6));
    }
}
