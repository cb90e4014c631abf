//! Who a client is. So far only its address tells; verified tokens and keys come before it.

use crate::settings::Settings;
use std::net::{IpAddr, Ipv4Addr};
use valora_shared::{config::Environment, http::names, trust::Client};
use web_sys::Headers;

/// The client behind a request. On Cloudflare the field is set by Cloudflare; a local runtime passes on what the
/// client sends, so there all clients are one, unless tests ask otherwise.
pub fn of(settings: &Settings, headers: &Headers) -> Client {
    let believed = settings.environment() == Environment::Production
        || settings.config.upstream.trust_cf_connecting_ip.get() == 1;
    let told = || headers.get(names::CF_CONNECTING_IP).ok().flatten();
    address(believed.then(told).flatten().as_deref())
}

fn address(told: Option<&str>) -> Client {
    Client::Ip(told.and_then(|text| text.trim().parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_believable_address_a_client_is_the_local_one() {
        for told in [None, Some(""), Some("nonsense"), Some("1.2.3.4, 5.6.7.8")] {
            assert_eq!(address(told).to_string(), "ip:127.0.0.1", "{told:?}");
        }
        assert_eq!(address(Some("2001:db8::1")).to_string(), "ip:2001:db8::1");
    }
}
