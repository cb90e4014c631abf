//! A client's state as bytes: what the object of a client stores before a grant leaves it.
//!
//! | bytes | |
//! |---|---|
//! | 1 | the version |
//! | 6 | the latest time, milliseconds since 1970 |
//! | 4 | the number of the last lease |
//! | 1 | how many leases are out; then of each: |
//! | 2 + 4 + 4 | milliseconds until it expires, its number, what of it may come back |
//! | 1 | per window: how many buckets are kept; if any: |
//! | 1 | how many buckets the first is behind the oldest that counts |
//! | … | each bucket's count as a LEB128 varint |
//!
//! Integers are little-endian.

use super::{
    Limits, MAX_LEASES, MAX_LIFE_MS, State, Window,
    ring::{Ring, read_varint},
    state::Open,
};

const VERSION: u8 = 1;
/// Of eight bytes of a time, those that are written.
const TIME_BYTES: usize = 6;

impl State {
    /// As bytes: under 1 KiB, and some 30 for a client that has asked once.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(18 + 10 * self.leases.len() + self.counts.len());
        bytes.push(VERSION);
        bytes.extend(self.newest.to_le_bytes().into_iter().take(TIME_BYTES));
        bytes.extend_from_slice(&self.last_lease.to_le_bytes());
        bytes.push(u8::try_from(self.leases.len()).unwrap_or_default());
        for lease in &self.leases {
            let ms = u16::try_from(lease.expires_at - self.newest).unwrap_or_default();
            bytes.extend_from_slice(&ms.to_le_bytes());
            bytes.extend_from_slice(&lease.id.to_le_bytes());
            bytes.extend_from_slice(&lease.spare.to_le_bytes());
        }
        let mut start = 0;
        for (ring, window) in self.rings.iter().zip(Window::ALL) {
            bytes.push(ring.buckets);
            if ring.buckets > 0 {
                let behind = ring.first - window.oldest(self.newest);
                bytes.push(u8::try_from(behind).unwrap_or_default());
                bytes.extend_from_slice(ring.part(&self.counts, start));
            }
            start += usize::from(ring.len);
        }
        bytes
    }

    /// What [`Self::to_bytes`] wrote; `None` for anything that it never writes.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let rest = &mut bytes;
        let [VERSION] = take(rest)? else { return None };
        let (low, high) = (u32::from_le_bytes(take(rest)?), u16::from_le_bytes(take(rest)?));
        let mut state = Self { newest: i64::from(low) | i64::from(high) << u32::BITS, ..Self::default() };
        if state.newest > super::state::END_OF_TIME {
            return None;
        }
        state.last_lease = u32::from_le_bytes(take(rest)?);
        let [leases] = take(rest)?;
        if usize::from(leases) > MAX_LEASES {
            return None;
        }
        // Exactly what is needed: a state that was read is as small as one that was not.
        state.leases.reserve_exact(usize::from(leases));
        for _ in 0..leases {
            let ms = u32::from(u16::from_le_bytes(take(rest)?));
            let (id, spare) = (u32::from_le_bytes(take(rest)?), u32::from_le_bytes(take(rest)?));
            if ms == 0 || ms > MAX_LIFE_MS || spare > Limits::MOST {
                return None;
            }
            state.leases.push(Open { expires_at: state.newest + i64::from(ms), id, spare });
        }
        state.counts.reserve_exact(rest.len());
        for (ring, window) in state.rings.iter_mut().zip(Window::ALL) {
            *ring = read_ring(rest, &mut state.counts, window, state.newest)?;
        }
        rest.is_empty().then_some(state)
    }
}

fn read_ring(rest: &mut &[u8], counts: &mut Vec<u8>, window: Window, newest: i64) -> Option<Ring> {
    let [buckets] = take(rest)?;
    if buckets == 0 {
        return Some(Ring::default());
    }
    let [behind] = take(rest)?;
    if u32::from(behind) + u32::from(buckets) > window.ring() {
        return None;
    }
    let (all, mut sum) = (*rest, 0_u32);
    for bucket in 1..=buckets {
        let count = read_varint(rest)?;
        // Neither the first nor the last is ever empty.
        if count == 0 && (bucket == 1 || bucket == buckets) {
            return None;
        }
        sum = sum.checked_add(count).filter(|sum| *sum <= Limits::MOST)?;
    }
    let part = all.get(..all.len() - rest.len())?;
    counts.extend_from_slice(part);
    let first = window.oldest(newest) + u32::from(behind);
    Some(Ring { first, sum, len: u16::try_from(part.len()).ok()?, buckets })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
#[path = "bytes_tests.rs"]
mod tests;
