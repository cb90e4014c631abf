//! Where a tag's epochs stand.

/// Tags are hashed into so many slots: two that share one are purged together, which costs a fetch and no more.
pub const SLOTS: u16 = 16_384;

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
/// Bits of a slot's number.
const BITS: u32 = SLOTS.trailing_zeros();

/// The slot of a tag: FNV-1a, folded. Entries in KV carry slots, so this can never change.
pub fn slot_of(tag: &str) -> u16 {
    let hash = tag.bytes().fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    let folded = (0..u64::BITS).step_by(BITS as usize).fold(0, |folded, shift| folded ^ (hash >> shift));
    u16::try_from(folded % u64::from(SLOTS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_slot_of_a_tag_does_not_change() {
        let slots = ["", "products", "product:1", "product:2", "category:Phones"].map(slot_of);
        // Computed with Python.
        assert_eq!(slots, [393, 8242, 14736, 14054, 4153]);
    }

    #[test]
    fn tags_that_look_alike_are_spread() {
        let slots: HashSet<u16> = (0..10_000).map(|id| slot_of(&format!("product:{id}"))).collect();
        // 10,000 tags thrown at random into 16,384 slots fill some 7,486 of them.
        assert!((7_300..7_700).contains(&slots.len()), "{}", slots.len());
        assert!(slots.iter().all(|slot| *slot < SLOTS));
    }
}
