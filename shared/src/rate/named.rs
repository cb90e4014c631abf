//! Whom an admin means: `?ip=…` or `?hash=…`.

use super::Who;
use crate::{
    account::client_network,
    config::RateConfig,
    hub::decoded,
    problem::{Place, Problem},
    trust::Client,
};
use std::net::IpAddr;

/// Digits of the hash that logs show.
const HASH_DIGITS: usize = 32;

/// A client, by its address or by what logs call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// That of this address, or of this IPv6 network.
    Ip(IpAddr),
    /// That of this hash, in lower case.
    Hash(String),
}

impl Named {
    /// From a query, without its question mark.
    ///
    /// # Errors
    /// A validation problem that names the parameter and its form.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let given = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut given = given.filter(|(name, _)| matches!(*name, "ip" | "hash"));
        let Some((name, text)) = given.next() else {
            return Err(Problem::invalid(Place::Query, "ip", "must be given, or hash"));
        };
        if given.next().is_some() {
            return Err(Problem::invalid(Place::Query, "ip", "must be the only one of ip and hash"));
        }
        let text = decoded(text);
        if name == "ip" {
            let address =
                text.parse().map_err(|_| Problem::invalid(Place::Query, "ip", "must be an address"))?;
            return Ok(Self::Ip(client_network(address)));
        }
        if text.len() == HASH_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self::Hash(text.to_ascii_lowercase()));
        }
        Err(Self::not_a_hash())
    }

    /// Who is looked at.
    ///
    /// # Errors
    /// The hash, which itself is what that one is counted under.
    pub fn client(&self) -> Result<Who, &str> {
        match self {
            Self::Ip(address) => Ok(Who::Client(Client::Ip(*address))),
            Self::Hash(hash) => Err(hash),
        }
    }

    /// Who is reset with it.
    ///
    /// # Errors
    /// The hash, likewise.
    pub fn all(&self, rate: &RateConfig) -> Result<Vec<Who>, &str> {
        match self {
            Self::Ip(address) => Ok(Who::all_at(rate, *address)),
            Self::Hash(hash) => Err(hash),
        }
    }

    /// What is said of another form.
    pub fn not_a_hash() -> Problem {
        Problem::invalid(Place::Query, "hash", "must be the 32 hexadecimal digits of logs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_by_its_address_or_its_hash() {
        let ip = |text: &str| Named::Ip(text.parse().unwrap());
        assert_eq!(Named::parse("x=1&ip=192.0.2.1"), Ok(ip("192.0.2.1")));
        assert_eq!(Named::parse("ip=2001%3Adb8%3A%3A1"), Ok(ip("2001:db8::")));
        let hash = "0123456789abcdef0123456789abcdef";
        assert_eq!(Named::parse(&format!("hash={}", hash.to_uppercase())), Ok(Named::Hash(hash.to_owned())));
        for (query, field) in [
            ("", "ip"),
            ("ip=localhost", "ip"),
            ("ip=", "ip"),
            ("hash=12", "hash"),
            ("ip=192.0.2.1&hash=0123456789abcdef0123456789abcdef", "ip"),
            ("ip=192.0.2.1&x=1&ip=192.0.2.2", "ip"),
        ] {
            let problem = Named::parse(query).unwrap_err();
            assert_eq!(&*problem.errors[0].field, field, "{query}");
        }
    }
}
