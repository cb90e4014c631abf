//! Whose tokens a request costs.

use crate::{credentials::Presented, exchange::Exchange, identity, settings::Settings};
use std::net::IpAddr;
use valora_shared::{
    account::client_network,
    rate::Limits,
    trust::{Client, pseudonym},
};

/// Whom tokens are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// A client: an account, an API key, or an address for all who have neither.
    Client(Client),
    /// All accounts and keys behind an address together.
    AccountsAt(IpAddr),
}

/// Somebody with limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// Who.
    pub who: Who,
    /// How much.
    pub limits: Limits,
}

/// All who pay for a request; the last is its client.
///
/// Whoever has many accounts shall not have many allowances: all of one address together have ten times one's.
pub fn payers(exchange: &Exchange, settings: &Settings) -> Vec<Payer> {
    let rate = &settings.config.rate;
    let address = || client_network(identity::address(settings, &exchange.inbound));
    let (client, role) = match (&exchange.client, &exchange.facts.credential) {
        (Some(client @ (Client::User(_) | Client::Key(_))), credential) => {
            let role = if let Some(Presented::Token(claims)) = credential { Some(claims.role) } else { None };
            (client.clone(), role)
        }
        _ => (Client::Ip(address()), None),
    };
    let limits = rate.limits_of(&client, role);
    let ceiling = (!matches!(client, Client::Ip(_)))
        .then(|| Payer { who: Who::AccountsAt(address()), limits: limits.of_address() });
    let client = Payer { who: Who::Client(client), limits };
    ceiling.into_iter().chain([client]).collect()
}

impl Who {
    /// What the object is called, and logs: nothing that tells who it is (HMAC under `CLIENT_HASH_SECRET`).
    pub fn name(&self, settings: &Settings) -> String {
        let text = match self {
            Self::Client(client) => client.to_string(),
            Self::AccountsAt(address) => format!("accounts at {address}"),
        };
        pseudonym(&settings.client_secret, &text)
    }
}
