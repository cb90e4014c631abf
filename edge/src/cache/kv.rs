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
/// And a longer one is of no use.
const MAX_TTL_SECONDS: u32 = 30 * 86_400;
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
    named(hash)
}

/// A key's hash: a fixed length whatever the URL's, as KV allows 512 bytes.
pub fn hash(key: &CacheKey) -> String {
    hex::encode(Sha256::digest(key.as_str().as_bytes()))
}

/// Stores an entry; a refusal (429 on a second write in a second, say) is logged and forgotten. How many bytes were
/// written, where they were.
pub async fn write(namespace: &JsValue, key: &CacheKey, header: Header<'_>, entry: &Entry) -> Option<u64> {
    let names = &entry.stored().keeping.vary;
    let written = if names.is_empty() {
        put(namespace, key, entry).await
    } else {
        let variant = key.of_variant(&variant(names, header));
        match put_mark(namespace, key, names, entry.stored()).await {
            Ok(()) => put(namespace, &variant, entry).await,
            Err(error) => Err(error),
        }
    };
    written.inspect_err(|error| log("kv write failed", error)).ok()
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
async fn put(namespace: &JsValue, key: &CacheKey, entry: &Entry) -> Result<u64, JsValue> {
    let mut stored = entry.stored().clone();
    stored.is_gzip = entry.gzip().is_some();
    let body = entry.gzip().or(entry.identity()).ok_or("no body at hand")?;
    let seconds = ttl_seconds(&stored);
    let raw_bytes = stored.identity_bytes;
    let prefix = Envelope::Response(Box::new(stored)).to_prefix();
    let value = js::join(&prefix, &body.handle)?;
    JsFuture::from(js::kv_put(namespace, &name(key), &value, seconds)?).await?;
    count(&[(Counter::KvWrites, 1), (Counter::BytesRaw, raw_bytes), (Counter::BytesStored, body.bytes)]);
    Ok(u64::from(value.length()))
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
    named(&hash(key))
}

/// Epochs are the Hub's, so another Hub finds nothing of this.
fn named(hash: &str) -> String {
    [hub::NAME, ":response:", hash].concat()
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

    #[test]
    fn names_fit_kv_whatever_the_url() {
        let long = CacheKey::from_url(&format!("/api/x?q={}", "é".repeat(9_000))).unwrap();
        assert_eq!(name(&long).len(), 79);
    }
}
