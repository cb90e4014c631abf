//! The tier that all isolates of a place share. KV is a store, never a judge: freshness is computed from the
//! envelope. Whatever goes wrong here is a miss, and the answer still goes out.

use super::{Body, Entry, memory::Header};
use crate::{hub, isolate, js, platform, upstream::has_no_body};
use js_sys::{ArrayBuffer, Uint8Array};
use sha2::{Digest, Sha256};
use std::rc::Rc;
use valora_shared::{
    cache::{CacheKey, Envelope, Stored, variant},
    hub::Counter,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The binding in wrangler.toml.
pub const BINDING: &str = "CACHE";
/// KV refuses a shorter life; freshness is ours anyway, this is only the broom.
const MIN_TTL_SECONDS: u32 = 60;
/// Beyond the year that settings allow, and whatever stale windows go with it; "for ever" is asked anew after ten years.
const MAX_TTL_SECONDS: u32 = 10 * 366 * 86_400;
/// The blocks of nearly all values end before: what is read of one at first.
const FIRST_BYTES: u32 = 2_048;

/// What KV holds under a key.
pub enum Value {
    /// An answer.
    Entry(Rc<Entry>),
    /// Answers differ by these request fields; each variant has a key of its own.
    Varies(Vec<String>),
}

/// The stored entry for a request; `None` when there is none, it is broken, or KV does not answer in time. `names` are
/// the fields by which the answers differ, where they have been read already.
pub async fn read(
    namespace: &JsValue,
    key: &CacheKey,
    header: Header<'_>,
    names: Option<&[String]>,
) -> Option<Rc<Entry>> {
    let of_variant = |names: &[String]| key.of_variant(&variant(names, header));
    let value = match names {
        Some(names) => get(namespace, &of_variant(names)).await?,
        None => match get(namespace, key).await? {
            Value::Varies(names) => get(namespace, &of_variant(&names)).await?,
            entry @ Value::Entry(_) => entry,
        },
    };
    if let Value::Entry(entry) = value { Some(entry) } else { None }
}

/// A read that is about to be made, of the key with this hash: under which name.
pub fn begin_read(hash: &str) -> String {
    count(&[(Counter::KvReads, 1)]);
    named(hash, isolate::current().is_proxy())
}

/// A key's hash: a fixed length whatever the URL's, as KV allows 512 bytes.
pub fn hash(key: &CacheKey) -> String {
    hex::encode(Sha256::digest(key.as_str().as_bytes()))
}

/// Stores an entry under those of its keys that `may` be written now; a refusal (429 on a second write in a second, say)
/// is logged and forgotten.
pub async fn write(
    namespace: &JsValue,
    key: &CacheKey,
    header: Header<'_>,
    entry: &Entry,
    may: impl Fn(&CacheKey) -> bool,
) {
    let names = &entry.stored().keeping.vary;
    let written = async {
        if names.is_empty() {
            return if may(key) { put(namespace, key, entry).await } else { Ok(()) };
        }
        // The mark that another variant has just written says the same.
        if may(key) {
            put_mark(namespace, key, names, entry.stored()).await?;
        }
        let variant = key.of_variant(&variant(names, header));
        if may(&variant) { put(namespace, &variant, entry).await } else { Ok(()) }
    };
    if let Err(error) = written.await {
        log("kv write failed", &error);
    }
}

/// Forgets a key's value.
pub async fn delete(namespace: &JsValue, key: &CacheKey) {
    let deleted = async { JsFuture::from(js::kv_delete(namespace, &name(key))?).await };
    if let Err(error) = deleted.await {
        log("kv delete failed", &error);
    }
}

/// Whether KV answers at all.
pub async fn probe(namespace: &JsValue) -> bool {
    let Ok(reading) = js::kv_get(namespace, "health") else { return false };
    JsFuture::from(reading).await.is_ok_and(|value| !value.is_undefined())
}

async fn get(namespace: &JsValue, key: &CacheKey) -> Option<Value> {
    let value = JsFuture::from(js::kv_get(namespace, &begin_read(&hash(key))).ok()?).await.ok()?;
    open(&value)
}

/// The smaller coding of the body is stored.
async fn put(namespace: &JsValue, key: &CacheKey, entry: &Entry) -> Result<(), JsValue> {
    let mut stored = entry.stored().clone();
    stored.is_gzip = entry.gzip().is_some();
    let body = entry.gzip().or(entry.identity()).ok_or("no body at hand")?;
    let seconds = ttl_seconds(&stored);
    let raw_bytes = stored.identity_bytes;
    let prefix = Envelope::Response(Box::new(stored)).to_prefix();
    let value = js::join(&prefix, &body.handle)?;
    JsFuture::from(js::kv_put(namespace, &name(key), &value, seconds)?).await?;
    count(&[(Counter::KvWrites, 1), (Counter::BytesRaw, raw_bytes), (Counter::BytesStored, body.bytes)]);
    Ok(())
}

async fn put_mark(
    namespace: &JsValue,
    key: &CacheKey,
    names: &[String],
    stored: &Stored,
) -> Result<(), JsValue> {
    let prefix = Envelope::Varies(names.to_vec()).to_prefix();
    let value = Uint8Array::from(prefix.as_slice());
    count(&[(Counter::KvWrites, 1)]);
    JsFuture::from(js::kv_put(namespace, &name(key), &value, ttl_seconds(stored))?).await.map(drop)
}

fn ttl_seconds(stored: &Stored) -> u32 {
    let stale = stored.keeping.stale_while_revalidate.max(stored.keeping.stale_if_error);
    stored.keeping.lifetime_seconds.saturating_add(stale).clamp(MIN_TTL_SECONDS, MAX_TTL_SECONDS)
}

/// What a value says, if it is one of ours. Only the header block is copied into wasm; the body stays a view of it.
pub fn open(value: &JsValue) -> Option<Value> {
    let value: &ArrayBuffer = value.dyn_ref()?;
    let total = value.byte_length();
    let part = |bytes: u32| Uint8Array::new_with_byte_offset_and_length(value, 0, bytes).to_vec();
    let mut start = part(FIRST_BYTES.min(total));
    let body_offset = Envelope::block_offset().checked_add(Envelope::block_length(&start)?)?;
    let end = u32::try_from(body_offset).ok().filter(|end| *end <= total)?;
    if start.len() < body_offset {
        start = part(end);
    }
    let stored = match Envelope::from_block(start.get(Envelope::block_offset()..body_offset)?)? {
        Envelope::Response(stored) => *stored,
        Envelope::Varies(names) => return Some(Value::Varies(names)),
    };
    let handle = Uint8Array::new_with_byte_offset(value, end);
    let bytes = u64::from(total.saturating_sub(end));
    // A response of such a status refuses even an empty body.
    let handle = if has_no_body(stored.status) { JsValue::NULL } else { handle.into() };
    let body = Body { handle, bytes };
    let (identity, gzip) = if stored.is_gzip { (None, Some(body)) } else { (Some(body), None) };
    Some(Value::Entry(Rc::new(Entry::new(stored, identity, gzip))))
}

fn name(key: &CacheKey) -> String {
    named(&hash(key), isolate::current().is_proxy())
}

/// Epochs are the Hub's, so another Hub finds nothing of this; nor does a plain cache, which has none, knows nothing of
/// what the shop keeps from clients, and keeps bodies packed as the origin has sent them.
fn named(hash: &str, is_proxy: bool) -> String {
    let whose = if is_proxy { "proxy" } else { hub::NAME };
    [whose, ":response:", hash].concat()
}

fn count(counts: &[(Counter, u64)]) {
    isolate::current().with_stats(|stats| {
        for (counter, more) in counts {
            stats.add(*counter, *more);
        }
    });
}

fn log(message: &str, error: &JsValue) {
    platform::log_error(platform::line("warn", message).text("error", &format!("{error:?}")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::testing;
    use valora_shared::cache::MAX_SECONDS;

    #[test]
    fn names_fit_kv_whatever_the_url() {
        let long = CacheKey::from_url(&format!("/api/x?q={}", "é".repeat(9_000))).unwrap();
        assert_eq!(name(&long).len(), 79);
    }

    #[test]
    fn what_one_mode_has_stored_the_other_does_not_find() {
        assert_ne!(named("a", true), named("a", false));
    }

    #[test]
    fn kv_keeps_a_value_for_as_long_as_it_may_be_of_use() {
        let with_lifetime = |lifetime_seconds| {
            let mut stored = testing::stored(1);
            stored.keeping.lifetime_seconds = lifetime_seconds;
            (stored.keeping.stale_while_revalidate, stored.keeping.stale_if_error) = (60, 86_400);
            ttl_seconds(&stored)
        };
        assert_eq!(with_lifetime(31_536_000), 31_536_000 + 86_400);
        assert_eq!(with_lifetime(MAX_SECONDS), MAX_TTL_SECONDS);
        let mut short = testing::stored(1);
        short.keeping.lifetime_seconds = 5;
        (short.keeping.stale_while_revalidate, short.keeping.stale_if_error) = (0, 0);
        assert_eq!(ttl_seconds(&short), MIN_TTL_SECONDS);
    }
}
