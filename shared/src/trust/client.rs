//! Whom a signed request speaks for: `X-Valora-Client`.

use std::{fmt, net::IpAddr};

/// A client as the edge has recognised it. Believed only under a valid signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Client {
    /// An address, where there are no verified credentials.
    Ip(IpAddr),
    /// The subject of a verified token.
    User(String),
    /// The id of a verified API key.
    Key(String),
}

/// Not the form of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be ip:<address>, user:<id> or key:<id>")]
pub struct InvalidClient;

impl Client {
    /// Reads `ip:<addr>`, `user:<id>` or `key:<id>`.
    ///
    /// # Errors
    /// [`InvalidClient`].
    pub fn parse(text: &str) -> Result<Self, InvalidClient> {
        let (kind, id) = text.split_once(':').ok_or(InvalidClient)?;
        match kind {
            "ip" => id.parse().map(Self::Ip).map_err(|_| InvalidClient),
            "user" if is_id(id) => Ok(Self::User(id.to_owned())),
            "key" if is_id(id) => Ok(Self::Key(id.to_owned())),
            _ => Err(InvalidClient),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Key(id) => write!(f, "key:{id}"),
        }
    }
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_read_as_it_is_written() {
        for text in ["ip:127.0.0.1", "ip:2001:db8::1", "user:7", "key:k_1"] {
            assert_eq!(Client::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "ip:", "ip:localhost", "user:", "user:a b", "admin:1", "7"] {
            assert_eq!(Client::parse(bad), Err(InvalidClient), "{bad}");
        }
    }
}
