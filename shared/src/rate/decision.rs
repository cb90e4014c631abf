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
    fn a_wait_is_never_told_too_short() {
        assert_eq!([0, 1, 1_000, 1_001].map(seconds_up), [0, 1, 1, 2]);
    }
}
