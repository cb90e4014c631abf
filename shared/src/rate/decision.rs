//! What a client is told.

use super::{Limits, Window};
use serde::{Deserialize, Serialize};

/// What was decided, and how the windows stand behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether it was admitted.
    pub verdict: Verdict,
    /// How much is used, in the order of [`Window::ALL`]; of an admitted request with its own cost.
    pub usage: [Usage; 3],
}

/// Whether a request goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It does, and its cost is spent in all windows.
    Admitted,
    /// It does not, and has cost nothing.
    Refused(Refusal),
    /// It never will: it costs more than the limit of these windows.
    TooCostly(Windows),
}

/// Why not now, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Milliseconds until this cost fits, if nothing else is spent until then.
    pub retry_after_ms: u32,
    /// The window for which it has to wait so long.
    pub longest: Window,
    /// All windows in which it does not fit now.
    pub violated: Windows,
}

/// One window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The limit.
    pub limit: u32,
    /// What counts. More than the limit where that was lowered.
    pub used: u32,
    /// Milliseconds until something of it counts no more; 0 where nothing is used.
    pub more_in_ms: u32,
}

/// A set of windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows(u8);

impl Decision {
    /// Whether the request goes through.
    pub fn is_admitted(&self) -> bool {
        self.verdict == Verdict::Admitted
    }

    /// Whether it was made under these limits, and not under those of somebody else who pays as well.
    pub fn is_under(&self, limits: &Limits) -> bool {
        self.usage.iter().zip(Window::ALL).all(|(usage, window)| usage.limit == limits.of(window))
    }

    /// Of two limiters that were both asked about one client: what is refused by either is refused, for the longer time,
    /// in all windows that either names, and of each window the one holds that leaves less.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (mut verdict, shorter) = if other.verdict.wait_ms() > self.verdict.wait_ms() {
            (other.verdict, self.verdict)
        } else {
            (self.verdict, other.verdict)
        };
        if let (Verdict::Refused(refusal), Verdict::Refused(shorter)) = (&mut verdict, shorter) {
            for window in shorter.violated.iter() {
                refusal.violated.add(window);
            }
        }
        let mut usage = self.usage;
        for (usage, other) in usage.iter_mut().zip(other.usage) {
            let is_stricter = other.remaining() < usage.remaining()
                || other.remaining() == usage.remaining() && other.more_in_ms > usage.more_in_ms;
            if is_stricter {
                *usage = other;
            }
        }
        Self { verdict, usage }
    }
}

impl Verdict {
    /// Milliseconds until it may be another one: 0 for what goes through, none end for what never will.
    pub fn wait_ms(&self) -> u64 {
        match self {
            Self::Admitted => 0,
            // What is refused for the rest of this millisecond is refused.
            Self::Refused(refusal) => u64::from(refusal.retry_after_ms).max(1),
            Self::TooCostly(_) => u64::MAX,
        }
    }
}

impl Usage {
    /// What may still be spent.
    pub fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

impl Windows {
    /// Adds one.
    pub fn add(&mut self, window: Window) {
        self.0 |= 1 << window as u8;
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each, in the order of [`Window::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Window> {
        Window::ALL.into_iter().filter(move |window| self.0 & 1 << *window as u8 != 0)
    }
}

impl Limits {
    /// How the windows of a client stand that has spent nothing.
    pub fn unused(&self) -> [Usage; 3] {
        Window::ALL.map(|window| Usage { limit: self.of(window), used: 0, more_in_ms: 0 })
    }
}

/// Milliseconds rounded up to seconds, for Retry-After.
pub fn seconds_up(ms: u32) -> u32 {
    ms.div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_names_its_windows_in_order() {
        let mut windows = Windows::default();
        assert!(windows.is_empty());
        windows.add(Window::Day);
        windows.add(Window::Minute);
        assert_eq!(windows.iter().collect::<Vec<_>>(), [Window::Minute, Window::Day]);
    }

    #[test]
    fn of_two_the_stricter_holds() {
        let usage = |used, more_in_ms| Usage { limit: 60, used, more_in_ms };
        let decision = |verdict, usages: [Usage; 3]| Decision { verdict, usage: usages };
        let refused_in = |ms, windows: &[Window]| {
            let mut violated = Windows::default();
            for window in windows {
                violated.add(*window);
            }
            Verdict::Refused(Refusal { retry_after_ms: ms, longest: Window::Minute, violated })
        };
        let refused = |ms| refused_in(ms, &[Window::Minute]);
        let one = decision(Verdict::Admitted, [usage(5, 100), usage(5, 100), usage(7, 900)]);
        let other = decision(refused(0), [usage(9, 50), usage(5, 200), usage(5, 100)]);
        let both = decision(refused(0), [usage(9, 50), usage(5, 200), usage(7, 900)]);
        assert_eq!((one.and(other), other.and(one)), (both, both));
        let longer = Decision { verdict: refused(2_000), ..one };
        assert_eq!(longer.and(other).verdict, refused(2_000));
        let by_the_hour = Decision { verdict: refused_in(9, &[Window::Hour]), ..one };
        let by_both = refused_in(2_000, &[Window::Minute, Window::Hour]);
        assert_eq!((longer.and(by_the_hour).verdict, by_the_hour.and(longer).verdict), (by_both, by_both));
        let never = Decision { verdict: Verdict::TooCostly(Windows::default()), ..one };
        assert_eq!(longer.and(never).verdict, never.verdict);
        assert_eq!(one.and(one), one);
    }

    #[test]
    fn a_wait_is_never_told_too_short() {
        assert_eq!([0, 1, 1_000, 1_001].map(seconds_up), [0, 1, 1, 2]);
    }
}
