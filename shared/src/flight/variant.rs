//! Who may share an answer: those whose requests are equal in every field that it varies by.

use crate::cache::{CacheKey, Fields, variant};
use sha2::{Digest, Sha256};

/// What checks a stored answer asks another question than what has none: "304" answers only those who hold the same.
const ALWAYS: [&str; 2] = ["if-modified-since", "if-none-match"];

/// The request's variant by the named fields, as a word: clients choose the values, so they are hashed.
pub(super) fn digest(names: &[String], asked: Fields<'_>) -> String {
    let all: Vec<&str> = ALWAYS.into_iter().chain(names.iter().map(String::as_str)).collect();
    let variant = variant(&all, |name| asked.get(name).map(str::to_owned));
    word(&variant)
}

/// The name of a key's object: a fixed length whatever the URL's.
pub fn object_name(key: &CacheKey) -> String {
    word(key.as_str())
}

/// 128 bits of a hash: nobody finds two texts with the same.
fn word(text: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    hex::encode(hash.get(..16).unwrap_or_default())
}

/// Whether an answer to `leader` that varies by `names` answers `waiter`, too.
pub fn same_variant(names: &[String], leader: Fields<'_>, waiter: Fields<'_>) -> bool {
    digest(names, leader) == digest(names, waiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same(names: &[&str], one: (&str, &str), other: (&str, &str)) -> bool {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let list = |(name, value): (&str, &str)| [(name.to_owned(), value.to_owned())];
        same_variant(&names, Fields(&list(one)), Fields(&list(other)))
    }

    #[test]
    fn only_named_fields_tell_requests_apart() {
        let (en, de) = (("accept-language", "en"), ("accept-language", "de"));
        assert!(is_same(&[], en, de));
        assert!(!is_same(&["accept-language"], en, de));
        assert!(is_same(&["accept-language"], en, ("accept-language", " EN ")));
    }

    #[test]
    fn every_key_has_an_object_of_its_own() {
        let name = |url: &str| object_name(&CacheKey::from_url(url).unwrap());
        assert_eq!(name("/api/products").len(), 32);
        assert_ne!(name("/api/products"), name("/api/prices"));
    }

    #[test]
    fn who_holds_another_answer_asks_another_question() {
        assert!(!is_same(&[], ("if-none-match", "\"a\""), ("if-none-match", "\"b\"")));
        assert!(!is_same(&[], ("if-none-match", "\"a\""), ("accept", "*/*")));
        assert!(is_same(&[], ("if-none-match", "\"a\""), ("if-none-match", "\"a\"")));
    }
}
