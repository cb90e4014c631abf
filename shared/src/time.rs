//! Points in time. There is no clock here: callers say what time it is.

use serde::{Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01T00:00:00Z, as stored in the database. JSON shows it as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Milliseconds from `earlier` to `self`, 0 where the clock stepped back.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }

    /// So many milliseconds later.
    #[must_use]
    pub fn after(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// `2026-11-24T13:50:00.123Z`. Years outside RFC 3339's 0000…9999 are shown as the epoch: they can only
    /// come from a corrupt row, and an answer with one wrong time is better than none.
    pub fn to_rfc3339(self) -> String {
        // Not from its nanoseconds: to divide 128 bits is a kilobyte of Worker.
        let (seconds, ms) = (self.0.div_euclid(1_000), u16::try_from(self.0.rem_euclid(1_000)));
        let at = OffsetDateTime::from_unix_timestamp(seconds);
        at.and_then(|at| at.replace_millisecond(ms.unwrap_or_default()))
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }

    /// Reads an RFC 3339 time; `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }
}

impl Serialize for UnixMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_rfc_3339_and_back() {
        let at = UnixMillis(1_790_000_000_123);
        assert_eq!(at.to_rfc3339(), "2026-09-21T14:13:20.123Z");
        assert_eq!(UnixMillis::parse_rfc3339("2026-09-21T14:13:20.123Z"), Some(at));
        assert_eq!(UnixMillis::parse_rfc3339("2026-09-21T16:13:20.123+02:00"), Some(at));
        assert_eq!(UnixMillis::parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn a_corrupt_time_does_not_panic() {
        assert_eq!(UnixMillis(i64::MAX).to_rfc3339(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_clock_that_steps_back_makes_no_negative_age() {
        assert_eq!(UnixMillis(5).since(UnixMillis(9)), 0);
        assert_eq!(UnixMillis(9).since(UnixMillis(5)), 4);
        assert_eq!(
            (UnixMillis(5).after(4), UnixMillis(i64::MAX).after(1)),
            (UnixMillis(9), UnixMillis(i64::MAX))
        );
    }
}
