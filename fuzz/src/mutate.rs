//! Changing an input: bytes, pieces, words of the target's language, pieces of other inputs.

use crate::random::Random;

/// Header fields are no longer at the edge; what grows beyond is cut.
pub(crate) const MAX_BYTES: usize = 4_096;
/// Numbers at which arithmetic breaks.
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "-1",
    "60",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "999999999999999",
    "1000000000000000",
];
/// Bytes that mean something to some parser.
const BYTES: &[u8] = b",;=\"\\ \t*-:/.?%\0\n\x7f\x80\xff0aZ()";

/// A changed copy of `input`.
pub(crate) fn mutated(random: &mut Random, input: &[u8], pool: &[Vec<u8>], dictionary: &[&str]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(4) {
        change(random, &mut bytes, pool, dictionary);
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, pool: &[Vec<u8>], dictionary: &[&str]) {
    let at = random.below(bytes.len() + 1);
    match random.below(9) {
        0 => insert(bytes, at, &random.of(BYTES).copied().map_or_else(Vec::new, |byte| vec![byte])),
        1 => insert(bytes, at, random.of(dictionary).unwrap_or(&"").as_bytes()),
        2 => insert(bytes, at, random.of(&NUMBERS).unwrap_or(&"").as_bytes()),
        3 => _ = bytes.drain(piece(random, bytes.len())),
        4 => {
            let copy = bytes.get(piece(random, bytes.len())).unwrap_or_default().to_vec();
            insert(bytes, at, &copy);
        }
        5 => {
            let other = random.of(pool).cloned().unwrap_or_default();
            insert(bytes, at, other.get(piece(random, other.len())).unwrap_or_default());
        }
        6 => {
            let number = random.of(&NUMBERS).unwrap_or(&"");
            let end = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
            bytes.splice(at..at + end, number.bytes());
        }
        7 => replace(bytes, at, |_| random.of(BYTES).copied().unwrap_or(0)),
        _ => {
            let bit = random.below(8);
            replace(bytes, at, |byte| byte ^ (1 << bit));
        }
    }
}

/// Any piece, mostly a short one.
fn piece(random: &mut Random, length: usize) -> std::ops::Range<usize> {
    let from = random.below(length + 1);
    let most = if random.below(4) == 0 { length - from } else { (length - from).min(12) };
    from..from + random.below(most + 1)
}

fn insert(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    if bytes.len() + new.len() <= MAX_BYTES {
        bytes.splice(at..at, new.iter().copied());
    }
}

fn replace(bytes: &mut [u8], at: usize, by: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = by(*byte);
    }
}
