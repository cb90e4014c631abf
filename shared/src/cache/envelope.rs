//! A cached response as Workers KV keeps it: one value, `version · header block length · header block · body`.

use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// First byte of every value. Another form gets another number; values of an unknown one are misses.
const VERSION: u8 = 1;
/// Version byte and the block's length as a big-endian u32.
const PREFIX_BYTES: usize = 5;
/// A longer block is not ours: names, values and numbers of one response take a few hundred bytes.
const MAX_BLOCK_BYTES: usize = 65_536;

/// Everything about a cached response but its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The status.
    #[serde(rename = "s")]
    pub status: u16,
    /// Milliseconds since the epoch at which it was stored.
    #[serde(rename = "t")]
    stored_at_ms: i64,
    /// Seconds it may be used.
    #[serde(rename = "l")]
    pub lifetime_seconds: u32,
    /// Header names in lower case, and values, in order.
    #[serde(rename = "h")]
    pub headers: Vec<(String, String)>,
}

impl Envelope {
    /// A response stored at `stored_at`.
    pub fn new(
        status: u16,
        stored_at: UnixMillis,
        lifetime_seconds: u32,
        headers: Vec<(String, String)>,
    ) -> Self {
        Self { status, stored_at_ms: stored_at.0, lifetime_seconds, headers }
    }

    /// When it was stored.
    pub fn stored_at(&self) -> UnixMillis {
        UnixMillis(self.stored_at_ms)
    }

    /// Whether it may still be used, [`CLOCK_SLACK_MS`](super::CLOCK_SLACK_MS) early. One that claims to come
    /// from the future (another machine's clock) is not fresh.
    pub fn is_fresh(&self, now: UnixMillis) -> bool {
        let age = now.0.saturating_sub(self.stored_at_ms);
        let usable = i64::from(self.lifetime_seconds) * 1000 - super::CLOCK_SLACK_MS;
        (-super::CLOCK_SLACK_MS..usable).contains(&age)
    }

    /// Whole seconds since it was stored (RFC 9111 §5.1).
    pub fn age_seconds(&self, now: UnixMillis) -> u32 {
        u32::try_from(now.since(self.stored_at()) / 1000).unwrap_or(u32::MAX)
    }

    /// What stands before the body.
    pub fn to_prefix(&self) -> Vec<u8> {
        // Strings and integers only: writing them cannot fail.
        let block = serde_json::to_vec(self).unwrap_or_default();
        let length = u32::try_from(block.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(PREFIX_BYTES + block.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&block);
        bytes
    }

    /// Bytes of the block that follows `prefix`, the first five bytes of a value; `None` where it is none of ours.
    pub fn block_length(prefix: &[u8]) -> Option<usize> {
        let (version, length) = prefix.split_first()?;
        let length = u32::from_be_bytes(length.get(..4)?.try_into().ok()?);
        let length = usize::try_from(length).ok()?;
        (*version == VERSION && length <= MAX_BLOCK_BYTES).then_some(length)
    }

    /// Reads the block; `None` for anything broken, which is a miss.
    pub fn from_block(block: &[u8]) -> Option<Self> {
        serde_json::from_slice(block).ok()
    }

    /// Where the block starts in a value.
    pub const fn block_offset() -> usize {
        PREFIX_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> Envelope {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Envelope::new(200, UnixMillis(1_790_000_000_000), 5, headers)
    }

    #[test]
    fn the_stored_form_is_pinned_byte_for_byte() {
        // Entries written by a deployed Worker are read by the next one: change the version, not this.
        let expected = b"\x01\0\0\0\x4b{\"s\":200,\"t\":1790000000000,\"l\":5,\"h\":[[\"content-type\",\"application/json\"]]}";
        assert_eq!(example().to_prefix(), expected);
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = example().to_prefix();
        let length = Envelope::block_length(&bytes).unwrap();
        assert_eq!(Envelope::from_block(&bytes[5..5 + length]), Some(example()));
    }

    #[test]
    fn freshness_ends_early_and_does_not_start_in_the_future() {
        let entry = example();
        let at = |ms: i64| UnixMillis(1_790_000_000_000 + ms);
        assert!(entry.is_fresh(at(0)) && entry.is_fresh(at(4_899)));
        assert!(!entry.is_fresh(at(4_900)));
        assert!(!entry.is_fresh(at(-60_000)));
        assert_eq!(entry.age_seconds(at(2_999)), 2);
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_a_miss(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(length) = Envelope::block_length(&bytes) {
                prop_assert!(length <= MAX_BLOCK_BYTES);
            }
            let _ = Envelope::from_block(&bytes);
        }
    }
}
