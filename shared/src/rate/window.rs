//! The three windows and how finely each is counted.

use serde::{Deserialize, Serialize};

/// A window that slides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// 60 s, counted by the second.
    Minute,
    /// 60 min, counted by the minute.
    Hour,
    /// 24 h, counted by the quarter of an hour.
    Day,
}

/// What a client may spend. A limit above [`Self::MOST`] is taken for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// In any 60 s.
    pub minute: u32,
    /// In any 60 min.
    pub hour: u32,
    /// In any 24 h.
    pub day: u32,
}

impl Window {
    /// In the order in which everything is told by window.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// `minute`: in headers and in errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Milliseconds.
    pub const fn length_ms(self) -> i64 {
        self.bucket_ms() * self.full() as i64
    }

    /// Milliseconds of a bucket; each is a multiple of the one before.
    pub const fn bucket_ms(self) -> i64 {
        match self {
            Self::Minute => 1_000,
            Self::Hour => 60_000,
            Self::Day => 900_000,
        }
    }

    /// So many buckets are as long as the window.
    pub const fn full(self) -> u32 {
        match self {
            Self::Minute | Self::Hour => 60,
            Self::Day => 96,
        }
    }

    /// So many buckets ahead of the running one can an expiry lie that is at most [`MAX_LIFE_MS`](super::MAX_LIFE_MS)
    /// away.
    pub const fn ahead(self) -> u32 {
        match self {
            Self::Minute => 2,
            Self::Hour | Self::Day => 1,
        }
    }

    /// The most buckets that are kept: the full window, the running bucket, those ahead.
    pub const fn ring(self) -> u32 {
        self.full() + 1 + self.ahead()
    }

    /// The number of the bucket of a time that is not before 1970.
    pub(super) fn bucket(self, at: i64) -> u32 {
        u32::try_from(at / self.bucket_ms()).unwrap_or_default()
    }

    /// The first bucket that counts at `at`.
    ///
    /// Running minus full: a spend that is a window's length ago or less lies in it or behind it, wherever in their
    /// buckets the two stand.
    pub(super) fn oldest(self, at: i64) -> u32 {
        self.bucket(at).saturating_sub(self.full())
    }

    /// When what lies in `bucket` counts no more.
    pub(super) fn leaves_at(self, bucket: u32) -> i64 {
        (i64::from(bucket) + i64::from(self.full()) + 1) * self.bucket_ms()
    }
}

impl Limits {
    /// The highest limit there is: whatever is counted is then so short that a client's state stays under 1 KiB.
    pub const MOST: u32 = (1 << 24) - 1;

    /// Of one window.
    pub fn of(&self, window: Window) -> u32 {
        let limit = match window {
            Window::Minute => self.minute,
            Window::Hour => self.hour,
            Window::Day => self.day,
        };
        limit.min(Self::MOST)
    }

    /// What one isolate lets through on its own while nobody can be asked: an eighth, at least 1.
    #[must_use]
    pub fn on_failure(&self) -> Self {
        self.map(|limit| (limit / 8).max(1).min(limit))
    }

    /// What all accounts behind one address may spend together: ten times what one may.
    #[must_use]
    pub fn of_address(&self) -> Self {
        self.map(|limit| limit.saturating_mul(10).min(Self::MOST))
    }

    fn map(&self, change: impl Fn(u32) -> u32) -> Self {
        Self { minute: change(self.minute), hour: change(self.hour), day: change(self.day) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_the_window_the_running_bucket_and_those_ahead() {
        assert_eq!(Window::ALL.map(Window::ring), [63, 62, 98]);
        assert_eq!(Window::ALL.map(Window::length_ms), [60_000, 3_600_000, 86_400_000]);
        for window in Window::ALL {
            let last_of_a_bucket = window.bucket_ms() - 1;
            let reach = (last_of_a_bucket + i64::from(crate::rate::MAX_LIFE_MS)) / window.bucket_ms();
            assert_eq!(reach, i64::from(window.ahead()), "{window:?}");
        }
    }

    #[test]
    fn what_is_a_windows_length_ago_still_counts() {
        for window in Window::ALL {
            for within in [0, 1, window.bucket_ms() - 1] {
                let spent_at = 500 * window.bucket_ms() + within;
                let bucket = window.bucket(spent_at);
                assert!(bucket >= window.oldest(spent_at + window.length_ms()));
                // And it leaves at most a bucket later.
                assert!(window.leaves_at(bucket) > spent_at + window.length_ms());
                assert!(window.leaves_at(bucket) <= spent_at + window.length_ms() + window.bucket_ms());
                assert_eq!(window.oldest(window.leaves_at(bucket)), bucket + 1);
                assert_eq!(window.oldest(window.leaves_at(bucket) - 1), bucket);
            }
        }
    }

    #[test]
    fn limits_of_others_are_made_of_ones_own() {
        let limits = Limits { minute: 60, hour: 7, day: 0 };
        assert_eq!(limits.on_failure(), Limits { minute: 7, hour: 1, day: 0 });
        assert_eq!(limits.of_address(), Limits { minute: 600, hour: 70, day: 0 });
        let high = Limits { minute: u32::MAX, ..limits };
        assert_eq!((high.of(Window::Minute), high.of_address().minute), (Limits::MOST, Limits::MOST));
    }
}
