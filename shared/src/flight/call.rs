//! What is said to the object beside the request itself.

use super::WAIT_MS;

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The newest purge epoch the asker knows: an answer fetched for it counts as of this epoch, and one of an older
    /// epoch is of no use to it.
    pub epoch: u64,
    /// Milliseconds the origin has.
    pub timeout_ms: u32,
}

impl Call {
    /// Milliseconds for which another one's fetch is relied on: half of the origin's time stays for one of its own.
    pub fn wait_ms(&self) -> u32 {
        WAIT_MS.min(self.timeout_ms / 2)
    }

    /// As the value of a header.
    pub fn to_text(&self) -> String {
        format!("{} {}", self.epoch, self.timeout_ms)
    }

    /// `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self { epoch: words.next()?.parse().ok()?, timeout_ms: words.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let call = Call { epoch: 41, timeout_ms: 10_000 };
        assert_eq!(Call::parse(&call.to_text()), Some(call));
        assert_eq!(Call::parse("41"), None);
        assert_eq!(Call::parse("-1 3"), None);
    }
}
