//! The tier that all isolates of a place share. KV is a store, never a judge: freshness is computed from the
//! envelope. Whatever goes wrong here is a miss, and the answer still goes out.

use super::Entry;
use crate::{js, platform, timing::within};
use js_sys::{ArrayBuffer, Uint8Array};
use sha2::{Digest, Sha256};
use std::time::Duration;
use valora_shared::cache::{CacheKey, Envelope};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The binding in wrangler.toml.
pub const BINDING: &str = "CACHE";
/// KV refuses a shorter life; freshness is ours anyway, this is only the broom.
const TTL_SECONDS: u32 = 60;
/// A slower read is given up: the origin is asked instead.
const READ_TIMEOUT: Duration = Duration::from_millis(500);

/// The stored entry under `key`; `None` when there is none, it is broken, or KV does not answer in time.
pub async fn read(namespace: &JsValue, key: &CacheKey) -> Option<Entry> {
    let reading = JsFuture::from(js::kv_get(namespace, &name(key)).ok()?);
    let value = within(READ_TIMEOUT, reading).await?.ok()?;
    open(&value.dyn_into::<ArrayBuffer>().ok()?)
}

/// Stores an entry; a refusal (429 on a second write in a second, say) is logged and forgotten.
pub async fn write(namespace: &JsValue, key: &CacheKey, entry: &Entry) {
    if let Err(error) = try_write(namespace, key, entry).await {
        platform::log_error(&serde_json::json!({
            "level": "warn", "message": "kv write failed", "error": format!("{error:?}"),
        }));
    }
}

/// Whether KV answers at all.
pub async fn probe(namespace: &JsValue) -> bool {
    let Ok(reading) = js::kv_get(namespace, "health") else { return false };
    within(READ_TIMEOUT, JsFuture::from(reading)).await.is_some_and(|answer| answer.is_ok())
}

async fn try_write(namespace: &JsValue, key: &CacheKey, entry: &Entry) -> Result<(), JsValue> {
    let body: &ArrayBuffer = entry.body().dyn_ref().ok_or("the body is no buffer")?;
    let value = js::join(&entry.envelope().to_prefix(), body)?;
    JsFuture::from(js::kv_put(namespace, &name(key), &value, TTL_SECONDS)?).await?;
    Ok(())
}

/// Only the header block is copied into wasm; the body stays a view of the value.
fn open(value: &ArrayBuffer) -> Option<Entry> {
    let offset = u32::try_from(Envelope::block_offset()).ok()?;
    let total = value.byte_length();
    let prefix = Uint8Array::new_with_byte_offset_and_length(value, 0, offset.min(total)).to_vec();
    let block_bytes = u32::try_from(Envelope::block_length(&prefix)?).ok()?;
    let body_offset = offset.checked_add(block_bytes).filter(|end| *end <= total)?;
    let block = Uint8Array::new_with_byte_offset_and_length(value, offset, block_bytes).to_vec();
    let envelope = Envelope::from_block(&block)?;
    let body = Uint8Array::new_with_byte_offset(value, body_offset);
    let body_bytes = u64::from(body.length());
    Some(Entry::new(envelope, body.into(), body_bytes))
}

/// A fixed length whatever the URL's: KV allows 512 bytes.
fn name(key: &CacheKey) -> String {
    let digest = Sha256::digest(key.as_str().as_bytes());
    format!("response:{}", data_encoding::HEXLOWER.encode(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_kv_whatever_the_url() {
        let long = CacheKey::from_url(&format!("/api/x?q={}", "é".repeat(9_000))).unwrap();
        assert_eq!(name(&long).len(), 73);
    }
}
