//! An entry as Redis keeps it: shared's envelope, then the body, packed where that saves something.

use crate::cache::{Content, Entry};
use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::io::{Read as _, Write as _};
use valora_shared::cache::{Envelope, Fields, Stored, has_paid, is_worth_packing};

/// The body's bytes and the value; none for what has no body of its own.
pub(super) fn write(entry: &Entry) -> Option<(u64, Vec<u8>)> {
    let Content::Body(body) = &entry.content else { return None };
    let raw = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let packed = packed(&entry.stored, body);
    let stored = Stored { is_gzip: packed.is_some(), identity_bytes: raw, ..entry.stored.clone() };
    let mut value = Envelope::Response(Box::new(stored)).to_prefix();
    value.extend_from_slice(packed.as_deref().unwrap_or(body));
    Some((raw, value))
}

/// What was written; `None` for anything else.
pub(super) fn read(value: &[u8]) -> Option<Entry> {
    let offset = Envelope::block_offset();
    let end = offset.checked_add(Envelope::block_length(value.get(..offset)?)?)?;
    let Envelope::Response(stored) = Envelope::from_block(value.get(offset..end)?)? else { return None };
    let body = value.get(end..)?;
    let body =
        if stored.is_gzip { unpacked(body, stored.identity_bytes)? } else { Bytes::copy_from_slice(body) };
    // A body of another length is not the one that was meant.
    if u64::try_from(body.len()).ok()? != stored.identity_bytes {
        return None;
    }
    Entry::new(Stored { is_gzip: false, ..*stored }, Content::Body(body))
}

fn packed(stored: &Stored, body: &Bytes) -> Option<Vec<u8>> {
    let raw = u64::try_from(body.len()).ok()?;
    if !is_worth_packing(Fields(&stored.fields).get("content-type"), raw) {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    let packed = encoder.finish().ok()?;
    has_paid(raw, u64::try_from(packed.len()).ok()?).then_some(packed)
}

/// Not more than was packed, whatever the bytes would make.
fn unpacked(body: &[u8], length: u64) -> Option<Bytes> {
    let mut unpacked = Vec::new();
    GzDecoder::new(body).take(length.saturating_add(1)).read_to_end(&mut unpacked).ok()?;
    Some(unpacked.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::{cache::Keeping, time::UnixMillis};

    fn entry(body: &'static [u8]) -> Entry {
        let stored = Stored {
            status: 200,
            fields: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("etag".to_owned(), "\"a\"".to_owned()),
            ],
            sent_at: UnixMillis(1),
            received_at: UnixMillis(2),
            keeping: Keeping {
                lifetime_seconds: 300,
                stale_while_revalidate: 60,
                stale_if_error: 86_400,
                forbids_stale: false,
                no_cache: false,
                initial_age_ms: 1,
                vary: Vec::new(),
            },
            epoch: 7,
            slots: vec![3, 9],
            is_gzip: false,
            identity_bytes: body.len() as u64,
        };
        Entry::new(stored, Content::Body(Bytes::from_static(body))).unwrap()
    }

    fn again(entry: &Entry) -> (usize, Entry) {
        let (_, value) = write(entry).unwrap();
        (value.len(), read(&value).unwrap())
    }

    #[test]
    fn what_was_written_is_read_packed_or_not() {
        const LONG: [u8; 5_000] = [b'a'; 5_000];
        for (body, longest) in [(&b"{}"[..], 400), (&LONG, 500)] {
            let entry = entry(body);
            let (length, read) = again(&entry);
            assert!(length < longest, "{length}");
            assert_eq!(read.stored, entry.stored);
            let (Content::Body(before), Content::Body(after)) = (&entry.content, &read.content) else {
                panic!()
            };
            assert_eq!(before, after);
        }
    }

    #[test]
    fn broken_bytes_are_a_miss() {
        let (_, value) = write(&entry(&[b'a'; 5_000])).unwrap();
        for length in 0..value.len() {
            assert!(read(&value[..length]).is_none(), "{length}");
        }
        let mut foreign = value;
        foreign[0] = 1;
        assert!(read(&foreign).is_none());
    }
}
