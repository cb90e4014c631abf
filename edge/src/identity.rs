//! Who a client is: the owner of a credential that is known to be good, else an address.

use crate::{
    credentials::Presented,
    exchange::{Exchange, Inbound},
    isolate::Isolate,
    settings::Settings,
};
use std::net::{IpAddr, Ipv4Addr};
use valora_shared::{account::UserId, config::Environment, events::Subject, time::UnixMillis, trust::Client};

/// Finds out who asks, once per request. A verified credential counts only while the last beat is young enough to know of
/// its revocation; without that its owner is an address like everybody else.
pub fn know(exchange: &mut Exchange, isolate: &Isolate) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    if exchange.facts.credential.is_some() {
        return;
    }
    let value = || exchange.headers.get("authorization");
    let authorization = exchange.inbound.has_authorization.then(value).flatten();
    let presented = settings.verifier.recognise(authorization.as_deref(), exchange.now);
    let client = owner(isolate, &presented, exchange.now);
    exchange.client = Some(client.unwrap_or_else(|| Client::Ip(address(settings, &exchange.inbound))));
    exchange.facts.credential = Some(presented);
}

fn owner(isolate: &Isolate, presented: &Presented, now: UnixMillis) -> Option<Client> {
    let is_believed = isolate.with_beat(|beat| beat.believes(presented, now))?;
    match presented.subject().filter(|_| is_believed)? {
        Subject::User(UserId(id)) => Some(Client::User(id.to_string())),
        Subject::Key(id) => Some(Client::Key(id.to_string())),
    }
}

/// The address a request comes from. On Cloudflare the field is set by Cloudflare; a local runtime passes on what the
/// client sends, so there all clients are one, unless tests ask otherwise.
pub fn address(settings: &Settings, inbound: &Inbound) -> IpAddr {
    let believed = settings.environment() == Environment::Production
        || settings.config.upstream.trust_cf_connecting_ip.get() == 1;
    told(inbound.address.as_deref().filter(|_| believed))
}

fn told(address: Option<&str>) -> IpAddr {
    address.and_then(|text| text.trim().parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_believable_address_a_client_is_the_local_one() {
        for text in [None, Some(""), Some("nonsense"), Some("1.2.3.4, 5.6.7.8")] {
            assert_eq!(told(text).to_string(), "127.0.0.1", "{text:?}");
        }
        assert_eq!(told(Some("2001:db8::1")).to_string(), "2001:db8::1");
    }
}
