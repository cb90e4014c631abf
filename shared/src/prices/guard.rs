//! When a price is too good to be recorded without a second look, and how long one waits who keeps failing.

use crate::money::Paise;

/// Whether `lowest` is under `recorded` by more than `max_drop_percent`, and only one source says so: sources that
/// support the lowest price are within one percent of it, so a second one confirms it.
pub fn is_suspicious(lowest: Paise, recorded: Paise, supporters: usize, max_drop_percent: u64) -> bool {
    let kept_percent = i128::from(100_u64.saturating_sub(max_drop_percent));
    supporters < 2 && i128::from(lowest.0) * 100 < i128::from(recorded.0) * kept_percent
}

/// Milliseconds to wait after `failures` failures in a row: `first_ms` doubled with each, at most `most_ms`.
pub fn backoff_ms(failures: i64, first_ms: i64, most_ms: i64) -> i64 {
    let doublings = u32::try_from(failures.saturating_sub(1).clamp(0, 40)).unwrap_or(0);
    first_ms.saturating_mul(1_i64 << doublings).min(most_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_by_more_than_half_waits_for_a_second_source() {
        let recorded = Paise(10_001);
        assert!(!is_suspicious(Paise(5_001), recorded, 1, 50));
        assert!(is_suspicious(Paise(5_000), recorded, 1, 50));
        assert!(!is_suspicious(Paise(5_000), recorded, 2, 50));
        assert!(is_suspicious(Paise(5_000), recorded, 0, 50));
        assert!(!is_suspicious(Paise(1), recorded, 1, 100), "100 percent lets everything through");
        assert!(!is_suspicious(Paise(20_000), recorded, 1, 1), "a rise is none of its business");
    }

    #[test]
    fn waiting_doubles_up_to_a_limit() {
        let waits: Vec<i64> = (0..6).map(|failures| backoff_ms(failures, 10, 100)).collect();
        assert_eq!(waits, [10, 10, 20, 40, 80, 100]);
        assert_eq!(backoff_ms(i64::MAX, 60_000, 3_600_000), 3_600_000);
    }
}
