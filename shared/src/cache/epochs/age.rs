//! How long ago an epoch was, in sixteen bits. An old one is taken for a little newer than it is: that purges what was
//! asked for in between once more, and nothing less.

/// Bits of the count; the others say in steps of which power of two is counted.
const COUNT_BITS: u32 = 12;
const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;
const MAX_POWER: u32 = (1 << (16 - COUNT_BITS)) - 1;

/// `epoch`, seen from `base`, which is not older. Exact for the last 4,095.
pub(super) fn encode(base: u64, epoch: u64) -> u16 {
    let count = |power: u32| steps(base, power).saturating_sub(steps(epoch, power));
    let power = (0..MAX_POWER).find(|power| count(*power) <= MAX_COUNT).unwrap_or(MAX_POWER);
    let code = (u64::from(power) << COUNT_BITS) | count(power).min(MAX_COUNT);
    u16::try_from(code).unwrap_or(u16::MAX)
}

/// The epoch, or one a little newer; never newer than `base`.
///
/// Steps are counted from 0 and not from the base, so what was rounded once stays as it is until its power grows.
pub(super) fn decode(base: u64, code: u16) -> u64 {
    let (power, count) = (u32::from(code) >> COUNT_BITS, u64::from(code) & MAX_COUNT);
    (steps(base, power).saturating_sub(count) << power).min(base)
}

fn steps(epoch: u64, power: u32) -> u64 {
    epoch.div_ceil(1 << power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn recent_epochs_are_exact() {
        for age in 0..=MAX_COUNT {
            assert_eq!(decode(10_000, encode(10_000, 10_000 - age)), 10_000 - age);
        }
    }

    proptest! {
        #[test]
        fn an_epoch_is_never_taken_for_an_older_one(base in 1_u64..1 << 53, age in 0_u64..1 << 53) {
            let epoch = base.saturating_sub(age).max(1);
            let read = decode(base, encode(base, epoch));
            prop_assert!((epoch..=base).contains(&read), "{} is read as {}", epoch, read);
            if base - epoch < 1 << 26 {
                prop_assert!(read - epoch <= (base - epoch) / 1_024, "{} is read as {}", epoch, read);
            }
        }

        #[test]
        fn what_is_handed_on_again_and_again_does_not_creep(base in 1_u64..1 << 40, age in 0_u64..1 << 24) {
            let epoch = base.saturating_sub(age).max(1);
            let once = decode(base, encode(base, epoch));
            prop_assert_eq!(decode(base, encode(base, once)), once);
            let (mut often, mut later) = (once, base);
            for _ in 0..100 {
                later += 128;
                often = decode(later, encode(later, often));
            }
            prop_assert!(often - epoch <= (later - epoch) / 1_024, "{} became {}", epoch, often);
        }
    }
}
