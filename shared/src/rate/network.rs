//! What is exempt.

use crate::config::{Setting, read_rows};
use std::net::{IpAddr, Ipv6Addr};

/// Whether a request asks how the service is: whoever watches over it is not to be shut out of knowing. The origin has
/// probes of its own besides ([`is_probe`]).
pub fn is_watched(method: &str, path: &str) -> bool {
    const PATHS: [&str; 3] = ["/api/health", "/api/health/detailed", "/metrics"];
    matches!(method, "GET" | "HEAD") && PATHS.contains(&path)
}

/// Whether a request is whoever runs an origin asking whether it lives. Through the edge it is a request like another.
pub fn is_probe(method: &str, path: &str) -> bool {
    matches!(method, "GET" | "HEAD") && matches!(path, "/livez" | "/readyz")
}

/// Networks that no limit holds for: `RATE_LIMIT_EXEMPT="10.0.0.0/8,2001:db8::/32"`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exempt(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    /// With nothing behind the prefix.
    address: IpAddr,
    bits: u8,
}

impl Exempt {
    /// Whether an address lies in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| prefix(address, network.bits) == Some(network.address))
    }
}

/// An address without what stands behind its first `bits`; `None` where it has not so many.
fn prefix(address: IpAddr, bits: u8) -> Option<IpAddr> {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or_default();
            Some(IpAddr::V4((address.to_bits() & mask).into()))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or_default();
            Some(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask)))
        }
    }
}

impl Setting for Exempt {
    fn form() -> String {
        "networks such as `10.0.0.0/8,2001:db8::/32,192.0.2.7`, with zeros behind the prefix".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut networks = Vec::new();
        read_rows(text, &Self::form(), &mut |row| {
            networks.push(read(row).ok_or("is none")?);
            Ok(())
        })?;
        Ok(Self(networks))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

fn read(part: &str) -> Option<Network> {
    let (address, bits) = part.split_once('/').map_or((part, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
        Some(_) => return None,
        None => all,
    };
    // Addresses are compared as what they are: an IPv4 one in an IPv6 dress would never be met.
    let is_plain = address.to_canonical() == address && prefix(address, bits)? == address;
    is_plain.then_some(Network { address, bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let exempt = Exempt::parse("10.0.0.0/8, 192.0.2.7,2001:db8::/33,172.16.0.0/12").unwrap();
        for inside in
            ["10.255.0.1", "192.0.2.7", "2001:db8:7fff::1", "172.31.255.255", "::ffff:10.1.2.3", "2001:db8::"]
        {
            assert!(exempt.contains(ip(inside)), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.6", "2001:db8:8000::1", "172.32.0.0", "::a00:1", "2001:db9::"] {
            assert!(!exempt.contains(ip(outside)), "{outside}");
        }
        assert!(!Exempt::default().contains(ip("127.0.0.1")));
        let all_v4 = Exempt::parse("0.0.0.0/0").unwrap();
        assert!(all_v4.contains(ip("255.1.2.3")) && !all_v4.contains(ip("2001:db8::1")));
        assert!(Exempt::parse("::/0").unwrap().contains(ip("2001:db8::1")));
        assert!(Exempt::parse("::1/128").unwrap().contains(ip("::1")));
    }

    #[test]
    fn every_faulty_network_is_told() {
        let bad = ["10.0.0.1/8", "10.0.0.0/33", "x", "::/129", "::ffff:1.2.3.4", "10.0.0.0/+8", "1.2.3.4/"];
        let fault = Exempt::parse(&format!("10.0.0.0/8,{}", bad.join(","))).unwrap_err();
        let told: Vec<_> = fault.split("; ").skip(1).collect();
        let expected: Vec<_> =
            (2..).zip(bad).map(|(number, row)| format!("row {number}, `{row}`, is none")).collect();
        assert_eq!(told, expected);
        assert_eq!(Exempt::parse(""), Ok(Exempt::default()));
    }
}
