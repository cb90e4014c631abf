//! Who a client is: the owner of a credential that is known to be good, else an address.

use crate::{credentials::Presented, isolate::Isolate, settings::Settings};
use std::net::{IpAddr, Ipv4Addr};
use valora_shared::{
    account::UserId, config::Environment, events::Subject, http::names, time::UnixMillis, trust::Client,
};
use web_sys::Headers;

/// The client behind a request. A verified credential counts only while the last beat is young enough to know of its
/// revocation; without that its owner is an address like everybody else.
pub fn of(
    isolate: &Isolate,
    settings: &Settings,
    headers: &Headers,
    presented: &Presented,
    now: UnixMillis,
) -> Client {
    owner(isolate, presented, now).unwrap_or_else(|| by_address(settings, headers))
}

fn owner(isolate: &Isolate, presented: &Presented, now: UnixMillis) -> Option<Client> {
    let is_believed = isolate.with_beat(|beat| beat.believes(presented, now))?;
    match presented.subject().filter(|_| is_believed)? {
        Subject::User(UserId(id)) => Some(Client::User(id.to_string())),
        Subject::Key(id) => Some(Client::Key(id.to_string())),
    }
}

/// On Cloudflare the field is set by Cloudflare; a local runtime passes on what the client sends, so there all
/// clients are one, unless tests ask otherwise.
fn by_address(settings: &Settings, headers: &Headers) -> Client {
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
