//! A table as text: what the Hub stores and isolates are told.
//!
//! `41 AgAA… ,40,,/api/prices/*`: the epoch; base64 of everything and the slots in use, each as how many are skipped
//! and which modes there are (a varint) and those modes' ages (two bytes each); then each pattern behind the epochs of
//! its modes. One slot purged once takes three or four bytes, and all 16,384 in three modes 153 kB.

use super::{
    age,
    newest::Newest,
    slot::SLOTS,
    table::{Epochs, Rule},
    target::PurgeTarget,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use std::fmt::Write as _;

/// A text that is no part of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no part of a table of epochs")]
pub struct InvalidPart;

/// Below a varint's count of skipped slots: which of the three modes there are.
const MODE_BITS: u32 = 3;

impl Epochs {
    /// The table as text, less what changes no verdict. Old epochs are told a little newer than they are.
    ///
    /// What changes no verdict is judged by the epochs as they will be read: two that differ here may be one there.
    pub fn to_part(&self) -> String {
        let everything = as_read(self.epoch, self.everything).without_dominated(Newest::default());
        let mut bytes = Vec::new();
        let mut skipped = 0;
        // Everything stands before the first slot.
        let slots =
            self.slots.iter().map(|newest| as_read(self.epoch, *newest).without_dominated(everything));
        for newest in std::iter::once(everything).chain(slots) {
            if newest.is_never() {
                skipped += 1;
            } else {
                write_newest(&mut bytes, self.epoch, std::mem::take(&mut skipped), newest);
            }
        }
        let mut text = format!("{} {}", self.epoch, BASE64.encode(&bytes));
        for Rule { target, newest } in &self.rules {
            let newest = newest.without_dominated(everything);
            if !newest.is_never() {
                let [hard, revalidate, soft] = newest.0.map(|epoch| match epoch {
                    0 => String::new(),
                    epoch => epoch.to_string(),
                });
                // Writing to a String cannot fail.
                let _ = write!(text, " {hard},{revalidate},{soft},{}", String::from(target.clone()));
            }
        }
        text
    }

    /// Adds what a text tells; the epoch becomes the later of the two.
    ///
    /// # Errors
    /// [`InvalidPart`]. Something of it may then have been added: use the table no more.
    pub fn merge_part(&mut self, part: &str) -> Result<(), InvalidPart> {
        let mut fields = part.split(' ');
        let epoch = fields.next().and_then(|epoch| epoch.parse().ok()).ok_or(InvalidPart)?;
        let slots = fields.next().and_then(|text| BASE64.decode(text.as_bytes()).ok()).ok_or(InvalidPart)?;
        self.merge_slots(epoch, &slots)?;
        for field in fields {
            self.add(read_rule(field).ok_or(InvalidPart)?);
        }
        self.epoch = self.epoch.max(epoch);
        Ok(())
    }

    fn merge_slots(&mut self, base: u64, bytes: &[u8]) -> Result<(), InvalidPart> {
        let mut bytes = bytes.iter().copied();
        // One more than the slot's number; 0 is everything.
        let mut next = 0_u32;
        while bytes.len() > 0 {
            let head = read_varint(&mut bytes).ok_or(InvalidPart)?;
            let at = next.checked_add(head >> MODE_BITS).ok_or(InvalidPart)?;
            let newest = read_newest(&mut bytes, base, head).ok_or(InvalidPart)?;
            match at.checked_sub(1) {
                None => self.everything.merge(newest),
                Some(slot) if slot < u32::from(SLOTS) => {
                    self.mark(u16::try_from(slot).map_err(|_| InvalidPart)?, newest);
                }
                Some(_) => return Err(InvalidPart),
            }
            next = at + 1;
        }
        Ok(())
    }
}

/// What becomes of a slot's epochs in the text of a table at `base`.
fn as_read(base: u64, newest: Newest) -> Newest {
    Newest(newest.0.map(|epoch| if epoch == 0 { 0 } else { age::decode(base, age::encode(base, epoch)) }))
}

fn write_newest(bytes: &mut Vec<u8>, base: u64, skipped: u32, newest: Newest) {
    let modes = (0..).zip(newest.0).filter(|(_, epoch)| *epoch > 0);
    let mut head = modes.clone().fold(skipped << MODE_BITS, |head, (mode, _)| head | 1 << mode);
    while head >= 0x80 {
        bytes.push(u8::try_from(head & 0x7f).unwrap_or_default() | 0x80);
        head >>= 7;
    }
    bytes.push(u8::try_from(head).unwrap_or_default());
    for (_, epoch) in modes {
        bytes.extend(age::encode(base, epoch).to_le_bytes());
    }
}

fn read_varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut value = 0;
    // Three bytes hold any slot's.
    for shift in [0, 7, 14] {
        let byte = bytes.next()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn read_newest(bytes: &mut impl Iterator<Item = u8>, base: u64, head: u32) -> Option<Newest> {
    let mut newest = Newest::default();
    for (mode, known) in newest.0.iter_mut().enumerate() {
        if head & (1 << mode) != 0 {
            *known = age::decode(base, u16::from_le_bytes([bytes.next()?, bytes.next()?]));
        }
    }
    Some(newest)
}

fn read_rule(field: &str) -> Option<Rule> {
    let mut newest = Newest::default();
    let mut rest = field;
    for known in &mut newest.0 {
        let (epoch, behind) = rest.split_once(',')?;
        if !epoch.is_empty() {
            *known = epoch.parse().ok()?;
        }
        rest = behind;
    }
    let target = PurgeTarget::parse(rest).ok()?;
    let is_pattern = !matches!(target, PurgeTarget::Everything | PurgeTarget::Tag(_));
    is_pattern.then_some(Rule { target, newest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::epochs::{mode_at, strictness},
        events::PurgeMode,
    };
    use proptest::prelude::*;

    #[test]
    fn a_part_is_written_as_described() {
        let mut epochs = Epochs::at(40);
        epochs.purge(&PurgeTarget::parse("/api/prices/*").unwrap(), PurgeMode::Revalidate);
        epochs.epoch = 41;
        epochs.purge_slot(0, PurgeMode::Hard);
        // One skipped (everything), hard; age 0.
        assert_eq!(epochs.to_part(), format!("41 {} ,40,,/api/prices/*", BASE64.encode([0b1001, 0, 0])));
        let mut read = Epochs::default();
        read.merge_part(&epochs.to_part()).unwrap();
        assert_eq!(read, epochs);
        assert_eq!(Epochs::at(7).to_part(), "7 ");
    }

    #[test]
    fn after_everything_was_purged_there_is_little_to_tell() {
        let mut epochs = Epochs::at(1);
        (0..SLOTS).for_each(|slot| epochs.purge_slot(slot, PurgeMode::Soft));
        epochs.purge(&PurgeTarget::parse("products").unwrap(), PurgeMode::Soft);
        epochs.epoch = 2;
        epochs.purge(&PurgeTarget::Everything, PurgeMode::Revalidate);
        assert_eq!(epochs.to_part(), format!("2 {}", BASE64.encode([0b010, 0, 0])));
    }

    fn read(part: &str) -> Epochs {
        let mut epochs = Epochs::default();
        epochs.merge_part(part).unwrap();
        epochs
    }

    #[test]
    fn what_is_dominated_only_once_it_is_rounded_is_not_told() {
        // Seen from 10,000, fours are counted: 1 to 4 are all read as 4.
        let slots = vec![Newest([0, 2, 5])];
        let rule = |epoch, pattern| Rule {
            target: PurgeTarget::parse(pattern).unwrap(),
            newest: Newest([0, 0, epoch]),
        };
        let rules = vec![rule(4, "/a/*"), rule(5, "/b/*")];
        let epochs = Epochs { epoch: 10_000, everything: Newest([1, 2, 3]), slots, rules };
        let part = epochs.to_part();
        let read = read(&part);
        assert_eq!((read.everything, &read.slots), (Newest([4, 0, 0]), &vec![Newest([0, 0, 8])]));
        assert_eq!(read.rules, [rule(5, "/b/*")]);
        assert_eq!(read.to_part(), part);
    }

    #[test]
    fn what_is_no_part_is_refused() {
        // The slot behind the last.
        let beyond = format!("1 {}", BASE64.encode([0x89, 0x80, 0x08, 0, 0]));
        let texts =
            ["", "x ", "1", "1 ?", "1 CQ==", "1 CQAA x", "1  1,,/a/*", "1  1,,,*", "1  1,,,tag:a", &beyond];
        for text in texts {
            assert_eq!(Epochs::default().merge_part(text), Err(InvalidPart), "{text}");
        }
        let last = format!("1 {}", BASE64.encode([0x81, 0x80, 0x08, 0, 0]));
        assert_eq!(Epochs::default().merge_part(&last), Ok(()));
    }

    proptest! {
        #[test]
        fn a_table_that_was_told_is_told_the_same_again(
            epoch in 1_u64..100_000,
            // Close together long ago is what is rounded to one.
            purges in proptest::collection::vec(
                (0..3_u8, 0_u32..100, prop_oneof![1_u64..20, 1_u64..100_000]),
                0..150,
            ),
        ) {
            let mut epochs = Epochs::default();
            for (mode, what, purged) in purges {
                let mode = mode_at(mode);
                epochs.epoch = purged.min(epoch);
                match what {
                    0..2 => epochs.purge(&PurgeTarget::Everything, mode),
                    2..10 => epochs.purge_slot(u16::try_from(what).unwrap(), mode),
                    _ => epochs.purge(&PurgeTarget::parse(&format!("/p{what}/*")).unwrap(), mode),
                }
            }
            epochs.epoch = epoch;
            let part = epochs.to_part();
            let read = read(&part);
            prop_assert_eq!(read.to_part(), part);
            // Never less is purged by it.
            let weight = |verdict: Option<PurgeMode>| verdict.map_or(0, |mode| 3 - strictness(mode));
            for since in (0..epoch).step_by(997) {
                for what in [2_u16, 5, 10, 50] {
                    let path = format!("/p{what}/x");
                    let verdict = |table: &Epochs| weight(table.verdict(&[what], &path, since));
                    let (before, after) = (verdict(&epochs), verdict(&read));
                    prop_assert!(after >= before, "{} since {}: {} became {}", what, since, before, after);
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9]{0,3} [A-Za-z0-9+/]{0,40}={0,2}( [0-9,]{0,6}[/a*]{0,4}){0,2}") {
            let _ = Epochs::default().merge_part(&text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Epochs::default().merge_part(&format!("9 {}", BASE64.encode(&bytes)));
        }
    }
}
