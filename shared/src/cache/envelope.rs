//! A stored response as Workers KV and Redis keep it: one value, `version · header block length · header block · body`.
//! Where answers vary by request fields, the value under the plain key says by which, and each variant has its own.

use super::{Keeping, Stored};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// First byte of every value. Another form gets another number; values of an unknown one are misses.
const VERSION: u8 = 2;
/// Version byte and the block's length as a big-endian u32.
const PREFIX_BYTES: usize = 5;
/// A longer block is not ours: names, values and numbers of one response take a few hundred bytes.
const MAX_BLOCK_BYTES: usize = 65_536;

/// What a value holds before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Envelope {
    /// A response.
    Response(Box<Stored>),
    /// The names of request fields by which the answers to this key differ; no body.
    Varies(Vec<String>),
}

/// The block, as postcard writes it: the order of the fields is the form.
#[derive(Serialize, Deserialize)]
struct Block {
    /// Status; 0 for [`Envelope::Varies`].
    status: u16,
    /// Sent and received, milliseconds.
    times: (i64, i64),
    /// Age when it came, milliseconds.
    initial_age_ms: i64,
    /// Lifetime, stale-while-revalidate, stale-if-error, seconds.
    seconds: (u32, u32, u32),
    /// 1 forbids stale, 2 no-cache, 4 gzip.
    flags: u8,
    epoch: u64,
    slots: Vec<u16>,
    /// Bytes of the body as identity.
    identity_bytes: u64,
    vary: Vec<String>,
    fields: Vec<(String, String)>,
}

impl Envelope {
    /// What stands before the body.
    pub fn to_prefix(&self) -> Vec<u8> {
        let block = match self {
            Self::Response(stored) => Block::of(stored),
            Self::Varies(names) => Block::varies(names),
        };
        // Strings and integers only: writing them cannot fail.
        let block = postcard::to_allocvec(&block).unwrap_or_default();
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
        let block: Block = postcard::from_bytes(block).ok()?;
        Some(if block.status == 0 {
            Self::Varies(block.vary)
        } else {
            Self::Response(Box::new(block.into_stored()))
        })
    }

    /// Where the block starts in a value.
    pub const fn block_offset() -> usize {
        PREFIX_BYTES
    }
}

impl Block {
    fn of(stored: &Stored) -> Self {
        let keeping = &stored.keeping;
        let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        Self {
            status: stored.status,
            times: (stored.sent_at.0, stored.received_at.0),
            initial_age_ms: keeping.initial_age_ms,
            seconds: (keeping.lifetime_seconds, keeping.stale_while_revalidate, keeping.stale_if_error),
            flags: flag(keeping.forbids_stale, 1) | flag(keeping.no_cache, 2) | flag(stored.is_gzip, 4),
            epoch: stored.epoch,
            slots: stored.slots.clone(),
            identity_bytes: stored.identity_bytes,
            vary: keeping.vary.clone(),
            fields: stored.fields.clone(),
        }
    }

    fn varies(names: &[String]) -> Self {
        Self {
            status: 0,
            times: (0, 0),
            initial_age_ms: 0,
            seconds: (0, 0, 0),
            flags: 0,
            epoch: 0,
            slots: Vec::new(),
            identity_bytes: 0,
            vary: names.to_vec(),
            fields: Vec::new(),
        }
    }

    fn into_stored(self) -> Stored {
        let (lifetime_seconds, stale_while_revalidate, stale_if_error) = self.seconds;
        Stored {
            status: self.status,
            fields: self.fields,
            sent_at: UnixMillis(self.times.0),
            received_at: UnixMillis(self.times.1),
            keeping: Keeping {
                lifetime_seconds,
                stale_while_revalidate,
                stale_if_error,
                forbids_stale: self.flags & 1 != 0,
                no_cache: self.flags & 2 != 0,
                initial_age_ms: self.initial_age_ms,
                vary: self.vary,
            },
            epoch: self.epoch,
            slots: self.slots,
            is_gzip: self.flags & 4 != 0,
            identity_bytes: self.identity_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> Envelope {
        Envelope::Response(Box::new(Stored {
            status: 200,
            fields: vec![("content-type".to_owned(), "application/json".to_owned())],
            sent_at: UnixMillis(1_790_000_000_000),
            received_at: UnixMillis(1_790_000_000_020),
            keeping: Keeping {
                lifetime_seconds: 600,
                stale_while_revalidate: 60,
                stale_if_error: 86_400,
                forbids_stale: false,
                no_cache: false,
                initial_age_ms: 20,
                vary: Vec::new(),
            },
            epoch: 41,
            slots: vec![7, 9],
            is_gzip: true,
            identity_bytes: 6_239,
        }))
    }

    #[test]
    fn the_stored_form_is_pinned_byte_for_byte() {
        // Entries written by a deployed Worker are read by the next one: change the version, not this.
        let hex = "020000003cc80180b083c59868a8b083c5986828d8043c80a3050429020709df3000010c636f6e74656e742d74797065106170706c69636174696f6e2f6a736f6e";
        assert_eq!(hex::encode(example().to_prefix()), hex);
    }

    #[test]
    fn what_was_written_is_read() {
        for envelope in [example(), Envelope::Varies(vec!["accept-language".to_owned()])] {
            let bytes = envelope.to_prefix();
            let length = Envelope::block_length(&bytes).unwrap();
            assert_eq!(Envelope::from_block(&bytes[5..5 + length]), Some(envelope));
        }
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
