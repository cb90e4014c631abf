//! One window's counts: how much was spent in each bucket from the first in use to the last.
//!
//! The counts are LEB128 varints, of which the three windows' stand one behind the other in one vector: a bucket in
//! which little was spent takes a byte, and so does an empty one between two others. A [`Ring`] is the head of one
//! window's part, which starts behind the parts of the windows before it. Sums are kept, so that a step looks at the
//! ends of a part and never adds it up.

/// More bytes a count never takes: it is at most [`Limits::MOST`](super::Limits::MOST).
const MAX_VARINT: usize = 4;
const MORE: u8 = 0x80;
/// The vector grows by so many bytes, not to twice its size: most clients make few requests.
const GROWTH: usize = 16;

/// The head of one window's counts. Neither the first nor the last bucket is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ring {
    /// The number of the first bucket.
    pub(super) first: u32,
    /// Of all counts.
    pub(super) sum: u32,
    /// How many bytes the counts take.
    pub(super) len: u16,
    /// How many there are.
    pub(super) buckets: u8,
}

impl Ring {
    /// The last bucket in use.
    pub(super) fn last(&self) -> Option<u32> {
        u32::from(self.buckets).checked_sub(1).map(|behind| self.first + behind)
    }

    /// The counts' bytes and where they end.
    pub(super) fn part<'a>(&self, counts: &'a [u8], start: usize) -> &'a [u8] {
        counts.get(start..self.end(start)).unwrap_or_default()
    }

    fn end(&self, start: usize) -> usize {
        start + usize::from(self.len)
    }

    /// Forgets the buckets before `oldest`.
    pub(super) fn forget_before(&mut self, counts: &mut Vec<u8>, start: usize, oldest: u32) {
        let Some(last) = self.last() else { return };
        if self.first >= oldest {
            return;
        }
        let before = usize::from(self.len);
        if last < oldest {
            *self = Self::default();
        } else {
            let mut rest = self.part(counts, start);
            // Behind an old bucket there may be empty ones; the last is none.
            while self.first < oldest || rest.first() == Some(&0) {
                let Some(count) = read_varint(&mut rest) else { break };
                self.sum -= count;
                self.first += 1;
                self.buckets -= 1;
            }
            self.len = u16::try_from(rest.len()).unwrap_or_default();
        }
        close_gap(counts, start, before - usize::from(self.len));
    }

    /// Counts so much in a bucket.
    pub(super) fn add(&mut self, counts: &mut Vec<u8>, start: usize, bucket: u32, count: u32) {
        let (missing_before, missing_behind) = match self.last() {
            None => {
                self.first = bucket;
                (0, 1)
            }
            Some(last) => (self.first.saturating_sub(bucket), bucket.saturating_sub(last)),
        };
        let end = self.end(start);
        if missing_behind > 0 {
            self.widen(counts, end, missing_behind);
        }
        if missing_before > 0 {
            self.widen(counts, start, missing_before);
            self.first = bucket;
        }
        self.change(counts, start, bucket, |known| known.saturating_add(count));
        self.sum = self.sum.saturating_add(count);
    }

    /// Takes back what was counted in a bucket, as far as it is there.
    pub(super) fn subtract(&mut self, counts: &mut Vec<u8>, start: usize, bucket: u32, count: u32) {
        if self.last().is_none_or(|last| bucket > last || bucket < self.first) {
            return;
        }
        let mut taken = 0;
        self.change(counts, start, bucket, |known| {
            taken = count.min(known);
            known - taken
        });
        self.sum -= taken;
        // Ends are in use.
        while self.buckets > 0 && self.part(counts, start).last() == Some(&0) {
            close_gap(counts, self.end(start) - 1, 1);
            self.len -= 1;
            self.buckets -= 1;
        }
        while self.buckets > 0 && self.part(counts, start).first() == Some(&0) {
            close_gap(counts, start, 1);
            self.len -= 1;
            self.buckets -= 1;
            self.first += 1;
        }
    }

    /// The bucket with which at least `excess` has left, when buckets leave one after the other.
    pub(super) fn leaving_with(&self, counts: &[u8], start: usize, excess: u32) -> u32 {
        let mut rest = self.part(counts, start);
        let (mut bucket, mut gone) = (self.first, 0_u32);
        while let Some(count) = read_varint(&mut rest) {
            gone = gone.saturating_add(count);
            if gone >= excess {
                break;
            }
            bucket += 1;
        }
        bucket
    }

    /// Puts so many empty buckets at a place of the bytes.
    fn widen(&mut self, counts: &mut Vec<u8>, at: usize, buckets: u32) {
        // A ring is never longer than 98; what is told wrongly must not take the memory.
        let more = u8::try_from(buckets).unwrap_or(u8::MAX).min(u8::MAX - self.buckets);
        open_gap(counts, at, usize::from(more));
        self.buckets += more;
        self.len += u16::from(more);
    }

    /// Changes a bucket's count. It is sought from the end: what changes is the running bucket or one ahead of it.
    fn change(&mut self, counts: &mut Vec<u8>, start: usize, bucket: u32, new: impl FnOnce(u32) -> u32) {
        let behind = self.last().map_or(0, |last| last.saturating_sub(bucket));
        let mut end = self.end(start);
        for _ in 0..behind {
            end = start_of_last(counts, start, end);
        }
        let at = start_of_last(counts, start, end);
        let known = read_varint(&mut counts.get(at..end).unwrap_or_default()).unwrap_or_default();
        let (bytes, len) = varint(new(known));
        let old = end - at;
        if len > old {
            open_gap(counts, end, len - old);
        } else {
            close_gap(counts, at, old - len);
        }
        self.len = u16::try_from(usize::from(self.len) + len - old).unwrap_or_default();
        for (place, byte) in counts.iter_mut().skip(at).zip(bytes).take(len) {
            *place = byte;
        }
    }
}

/// The first count and what follows. `None` for what is no varint of ours: too long, cut off, or not the shortest.
#[inline]
pub(super) fn read_varint(bytes: &mut &[u8]) -> Option<u32> {
    // Nearly all are of one byte, and a slow client's are nearly all zero.
    if let Some((&byte, rest)) = bytes.split_first()
        && byte & MORE == 0
    {
        *bytes = rest;
        return Some(u32::from(byte));
    }
    read_long_varint(bytes)
}

fn read_long_varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..).step_by(7).take(MAX_VARINT) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & !MORE) << shift;
        if byte & MORE == 0 {
            return (*byte > 0).then_some(value);
        }
    }
    None
}

/// A count's bytes and how many of them there are.
fn varint(mut value: u32) -> ([u8; MAX_VARINT], usize) {
    let mut bytes = [0; MAX_VARINT];
    let mut len = 0;
    for byte in &mut bytes {
        len += 1;
        *byte = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            break;
        }
        *byte |= MORE;
    }
    (bytes, len)
}

/// Where the count starts that ends at `end`.
fn start_of_last(counts: &[u8], start: usize, end: usize) -> usize {
    let mut at = end.saturating_sub(1);
    while at > start && counts.get(at - 1).is_some_and(|byte| byte & MORE != 0) {
        at -= 1;
    }
    at
}

/// Makes place for so many zeros.
fn open_gap(bytes: &mut Vec<u8>, at: usize, len: usize) {
    let end = bytes.len();
    if bytes.capacity() - end < len {
        bytes.reserve_exact(len.next_multiple_of(GROWTH));
    }
    bytes.resize(end + len, 0);
    bytes.copy_within(at..end, at + len);
    if let Some(gap) = bytes.get_mut(at..at + len) {
        gap.fill(0);
    }
}

fn close_gap(bytes: &mut Vec<u8>, at: usize, len: usize) {
    if len > 0 {
        bytes.copy_within(at + len.., at);
        bytes.truncate(bytes.len() - len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn read(ring: &Ring, counts: &[u8], start: usize) -> BTreeMap<u32, u32> {
        let mut rest = ring.part(counts, start);
        let mut read = BTreeMap::new();
        for bucket in (ring.first..).take(usize::from(ring.buckets)) {
            let count = read_varint(&mut rest).unwrap();
            if count > 0 {
                read.insert(bucket, count);
            }
        }
        assert!(rest.is_empty());
        read
    }

    proptest! {
        /// Between the parts of two neighbours that must stay as they are.
        #[test]
        fn a_ring_knows_what_a_map_knows(
            steps in proptest::collection::vec((0..4_u8, 0..8_u32, prop_oneof![1..200_u32, 1..4_000_000_u32]), 1..200),
        ) {
            let (before, behind) = ([7_u8; 5], [9_u8; 5]);
            let mut counts = [before, behind].concat();
            let (mut ring, start) = (Ring::default(), before.len());
            let mut exact: BTreeMap<u32, u32> = BTreeMap::new();
            let mut oldest = 100;
            for (what, at, count) in steps {
                match what {
                    0 => {
                        oldest += at;
                        ring.forget_before(&mut counts, start, oldest);
                        exact.retain(|bucket, _| *bucket >= oldest);
                    }
                    1 => {
                        if let Some((bucket, known)) = exact.iter_mut().nth(at as usize) {
                            ring.subtract(&mut counts, start, *bucket, count);
                            *known -= count.min(*known);
                        }
                        exact.retain(|_, known| *known > 0);
                    }
                    _ if exact.values().sum::<u32>() + count <= super::super::Limits::MOST => {
                        let bucket = oldest + 5 + at;
                        ring.add(&mut counts, start, bucket, count);
                        *exact.entry(bucket).or_default() += count;
                    }
                    _ => {}
                }
                prop_assert!(counts.starts_with(&before) && counts.ends_with(&behind));
                prop_assert_eq!(counts.len(), 10 + usize::from(ring.len));
                prop_assert_eq!(&read(&ring, &counts, start), &exact);
                prop_assert_eq!(ring.sum, exact.values().sum::<u32>());
                prop_assert_eq!(ring.last(), exact.keys().next_back().copied());
                if let Some(first) = exact.keys().next() {
                    prop_assert_eq!(ring.first, *first);
                    let mut gone = 0;
                    for (bucket, count) in &exact {
                        prop_assert_eq!(ring.leaving_with(&counts, start, gone + 1), *bucket);
                        gone += count;
                        prop_assert_eq!(ring.leaving_with(&counts, start, gone), *bucket);
                    }
                }
            }
        }
    }

    #[test]
    fn no_more_is_taken_back_than_was_counted() {
        let (mut counts, mut ring) = (Vec::new(), Ring::default());
        ring.add(&mut counts, 0, 7, 2);
        ring.add(&mut counts, 0, 8, 5);
        ring.subtract(&mut counts, 0, 7, 4);
        assert_eq!((ring.sum, ring.first, counts.as_slice()), (5, 8, &[5][..]));
    }

    #[test]
    fn a_varint_is_the_shortest() {
        for value in [0, 1, 127, 128, 16_383, 16_384, (1 << 21) - 1, 1 << 21, super::super::Limits::MOST] {
            let (bytes, len) = varint(value);
            assert_eq!(read_varint(&mut &bytes[..len]), Some(value));
        }
        for bad in [&[][..], &[0x80], &[0x80, 0], &[0xff, 0xff, 0xff, 0xff, 1]] {
            assert_eq!(read_varint(&mut &*bad), None, "{bad:?}");
        }
    }
}
