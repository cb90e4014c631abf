//! Who a client is: the owner of a credential that is known to be good, else an address.

use crate::{
    beat::EpochCheck,
    credentials::Presented,
    exchange::{Exchange, Inbound},
    isolate::Isolate,
    platform,
    settings::Settings,
};
use std::{
    net::{IpAddr, Ipv4Addr},
    rc::Rc,
};
use valora_shared::{
    account::UserId, config::Environment, events::Subject, hub::BEAT_LIFE_MS, time::UnixMillis, trust::Client,
};

/// Finds out who asks, once per request. A verified credential counts only while the last beat is young enough to know of
/// its revocation; without that its owner is an address like everybody else.
pub fn know(exchange: &mut Exchange, isolate: &Isolate) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    if exchange.client.is_some() {
        return;
    }
    let presented = presented(exchange, settings);
    let client = owner(isolate, &presented, exchange.now_after_io());
    exchange.client = Some(client.unwrap_or_else(|| Client::Ip(address(settings, &exchange.inbound))));
    exchange.facts.credential = Some(presented);
}

/// The same, where nothing has to be waited for; whether it is known now. A good credential is not to count as its
/// address only because this isolate had nothing to do for some seconds.
pub fn know_at_once(exchange: &mut Exchange, isolate: &Isolate) -> bool {
    let Some(Ok(settings)) = isolate.settings() else { return true };
    if exchange.client.is_none() {
        let presented = presented(exchange, settings);
        let is_somebodys = presented.subject().is_some();
        exchange.facts.credential = Some(presented);
        let now = exchange.now_after_io();
        if is_somebodys && isolate.with_beat(|beat| beat.knows_revocations(now)) == Some(false) {
            return false;
        }
        know(exchange, isolate);
    }
    true
}

/// The same, once the Hub was asked for revocations, if it could be.
pub async fn know_in_time(
    exchange: &mut Exchange,
    isolate: &Rc<Isolate>,
    env: &worker::Env,
    ctx: &worker::Context,
) {
    if !know_at_once(exchange, isolate) {
        let from = platform::now();
        EpochCheck::awaited(isolate, env, ctx, BEAT_LIFE_MS).await;
        exchange.spans.add("hub", from, platform::now());
        know(exchange, isolate);
    }
}

fn presented(exchange: &mut Exchange, settings: &Settings) -> Presented {
    exchange.facts.credential.take().unwrap_or_else(|| {
        let value = || exchange.headers.get("authorization");
        let authorization = exchange.inbound.has_authorization.then(value).flatten();
        settings.verifier.recognise(authorization.as_deref(), exchange.now)
    })
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
