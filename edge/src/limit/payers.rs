//! Whose tokens a request costs.

use crate::{credentials::Presented, exchange::Exchange, identity, settings::Settings};
use valora_shared::{
    account::{Role, client_network},
    rate::{Payer, Policy, Who},
    trust::{Client, pseudonym},
};

/// All who pay for a request; the first is its client.
pub fn payers(exchange: &Exchange, settings: &Settings) -> impl Iterator<Item = Payer> + use<> {
    let owner = exchange.client.clone().filter(|client| !matches!(client, Client::Ip(_)));
    let (owner, role) = match (&exchange.facts.credential, owner) {
        (Some(Presented::AdminToken), _) => (Some(Payer::admin_token()), Some(Role::Admin)),
        (Some(Presented::Token(claims)), Some(owner)) => (Some(owner), Some(claims.role)),
        (_, owner) => (owner, None),
    };
    let address = client_network(identity::address(settings, &exchange.inbound));
    Payer::all(&settings.config.rate, policy(exchange), owner, role, address)
}

/// What a request is paid under.
pub fn policy(exchange: &Exchange) -> Policy {
    Policy::of(&exchange.inbound.method, exchange.inbound.path())
}

/// What the object is called, and logs: nothing that tells who it is (HMAC under `CLIENT_HASH_SECRET`).
pub fn name(who: &Who, settings: &Settings) -> String {
    pseudonym(&settings.client_secret, &who.to_string())
}
