//! The stored form, as it comes out of KV, where anybody may have written.

use valora_shared::cache::Envelope;

use super::{Target, equal, holds};

pub(super) const TARGET: Target = Target {
    name: "envelope",
    dictionary: &["content-type", "etag", "\x02", "\0\0", "\x7f\x7f", "\u{ffff}"],
    check,
};

fn check(input: &[u8]) -> Result<(), String> {
    let _ = Envelope::block_length(input);
    let block = input.get(Envelope::block_offset()..).unwrap_or_default();
    for block in [input, block] {
        let Some(read) = Envelope::from_block(block) else { continue };
        let written = read.to_prefix();
        let length = Envelope::block_length(&written).unwrap_or(usize::MAX);
        let (_, rest) = written.split_at(Envelope::block_offset().min(written.len()));
        holds("its length is that of its block", length == rest.len())?;
        equal("what is written is read again", &Envelope::from_block(rest), &Some(read))?;
    }
    Ok(())
}
