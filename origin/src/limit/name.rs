//! What clients are called where their address must not stand: keys, logs, admin routes.

use std::fmt;
use valora_shared::{
    rate::Who,
    trust::{SharedSecret, pseudonym_bytes},
};

/// An HMAC of who it is under `CLIENT_HASH_SECRET`, the same at the edge. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name([u8; 16]);

impl Name {
    pub(super) fn of(secret: &SharedSecret, who: &Who) -> Self {
        Self(pseudonym_bytes(secret, &who.to_string()))
    }

    /// From its 32 digits.
    pub(crate) fn parse(digits: &str) -> Option<Self> {
        let are_digits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = are_digits.then(|| u128::from_str_radix(digits, 16).ok()).flatten()?;
        Some(Self(bits.to_be_bytes()))
    }

    /// Evenly spread.
    pub(super) fn shard(self, shards: usize) -> usize {
        let [first, ..] = self.0;
        usize::from(first) % shards
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::{
        config::Setting,
        trust::{Client, pseudonym},
    };

    #[test]
    fn a_name_is_the_pseudonym_that_the_edge_uses() {
        let secret = SharedSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
        for text in ["ip:192.0.2.1", "user:7", "key:9"] {
            let name = Name::of(&secret, &Who::Client(Client::parse(text).unwrap()));
            assert_eq!(name.to_string(), pseudonym(&secret, text));
            assert_eq!(Name::parse(&name.to_string()), Some(name));
        }
        for bad in ["", "12", "+123456789abcdef0123456789abcdef", "g123456789abcdef0123456789abcdef"] {
            assert_eq!(Name::parse(bad), None, "{bad}");
        }
    }
}
