//! The cache key of a target.

use valora_shared::cache::{CacheKey, path_of};

use super::{Target, equal, holds, text};

pub(super) const TARGET: Target = Target {
    name: "cache-key",
    dictionary: &[
        "?",
        "&",
        "=",
        "utm_source=x",
        "%75tm_",
        "gclid=1",
        "#",
        "http://h",
        "/api/price/",
        "margin_percent=9",
        "%2f",
    ],
    check,
};

fn check(input: &[u8]) -> Result<(), String> {
    let text = &*text(input);
    let _ = path_of(text);
    let Ok(key) = CacheKey::from_url(text) else { return Ok(()) };
    holds("a key is a target", key.as_str().starts_with('/') && !key.as_str().contains('#'))?;
    equal("a key's key is itself", &CacheKey::from_url(key.as_str()), &Ok(key.clone()))?;
    equal(
        "the host says nothing",
        &CacheKey::from_url(&format!("https://shop.example{}", key.as_str())),
        &Ok(key.clone()),
    )?;
    if key.as_str().contains('?') {
        let tracked = CacheKey::from_url(&format!("{}&utm_source=mail", key.as_str()));
        equal("tracking says nothing", &tracked, &Ok(key.clone()))?;
    }
    holds("the path stays", path_of(text) == path_of(key.as_str()))
}
