//! Whose tokens a request costs.

use super::{Limits, Policy};
use crate::{account::Role, config::RateConfig, trust::Client};
use std::{fmt, net::IpAddr};

/// Whom tokens are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// A client: an account, an API key, or an address for all who have neither.
    Client(Client),
    /// All accounts and keys behind an address together that have the same limits, of which this is the ceiling's minute:
    /// those who may less are not to use up what others may.
    AccountsAt(IpAddr, u32),
    /// Somebody's upgrades to WebSocket, which are counted by themselves ([`Policy::Upgrades`]).
    UpgradesOf(Box<Self>),
}

/// Somebody with limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// Who.
    pub who: Who,
    /// How much.
    pub limits: Limits,
}

impl Payer {
    /// Whoever has `ADMIN_TOKEN`: one client, wherever it is used, and no number of an account.
    pub fn admin_token() -> Client {
        Client::User("admin-token".to_owned())
    }

    /// All who pay for a request under `policy`; the first is its client: the owner of its credential, and of none that
    /// is an identity, its `address`, whose network counts ([`client_network`](crate::account::client_network)). `role` is what the
    /// credential's owner is for.
    ///
    /// Whoever has many accounts shall not have many allowances: all of one address with the
    /// same limits together have ten times one's.
    pub fn all(
        rate: &RateConfig,
        policy: Policy,
        owner: Option<Client>,
        role: Option<Role>,
        address: IpAddr,
    ) -> impl Iterator<Item = Self> + use<> {
        let has_owner = owner.is_some();
        let client = owner.unwrap_or(Client::Ip(address));
        let limits = match policy {
            Policy::Requests => rate.limits_of(&client, role),
            Policy::Upgrades => rate.upgrades(),
        };
        let ceiling = has_owner.then(|| {
            let limits = limits.of_address();
            Self { who: Who::AccountsAt(address, limits.minute), limits }
        });
        let payers = std::iter::once(Self { who: Who::Client(client), limits }).chain(ceiling);
        payers.map(move |payer| match policy {
            Policy::Requests => payer,
            Policy::Upgrades => Self { who: Who::UpgradesOf(Box::new(payer.who)), ..payer },
        })
    }
}

impl Who {
    /// Everybody whose limits a client at `address` can meet but those of its accounts: the address itself, and the
    /// ceilings of all accounts behind it, for requests and for upgrades.
    pub fn all_at(rate: &RateConfig, address: IpAddr) -> Vec<Self> {
        let limits = rate.limits();
        let tiers = rate.rate_limit_tiers.minutes().map(|minute| limits.in_proportion(minute));
        let mut ceilings: Vec<u32> = Vec::new();
        for limits in std::iter::once(limits).chain(tiers) {
            let ceiling = limits.of_address().minute;
            if !ceilings.contains(&ceiling) {
                ceilings.push(ceiling);
            }
        }
        let client = Self::Client(Client::Ip(address));
        let upgrades = [client.clone(), Self::AccountsAt(address, rate.upgrades().of_address().minute)];
        let upgrades = upgrades.map(|who| Self::UpgradesOf(Box::new(who)));
        let ceilings = ceilings.into_iter().map(|minute| Self::AccountsAt(address, minute));
        std::iter::once(client).chain(ceilings).chain(upgrades).collect()
    }

    /// Who it is, whatever is counted: what logs call a client is the same for its requests and its upgrades.
    pub fn whose(&self) -> &Self {
        match self {
            Self::UpgradesOf(who) => who,
            who => who,
        }
    }
}

impl fmt::Display for Who {
    /// What it is counted under once it is hashed; never shown as it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(client) => client.fmt(f),
            Self::AccountsAt(address, minute) => write!(f, "accounts at {address} under {minute}"),
            Self::UpgradesOf(who) => write!(f, "upgrades of {who}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Reader, Section as _};
    use std::{collections::HashMap, net::Ipv4Addr};

    #[test]
    fn an_account_pays_with_all_of_its_address_and_an_address_alone() {
        let source = HashMap::<String, String>::new();
        let rate = RateConfig::read(&mut Reader::new(&source)).unwrap();
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
        let under = |policy, owner, role| -> Vec<(String, u32)> {
            let payers = Payer::all(&rate, policy, owner, role, address);
            payers.map(|payer| (payer.who.to_string(), payer.limits.minute)).collect()
        };
        let told = |owner, role| under(Policy::Requests, owner, role);
        let row = |who: &str, minute| (who.to_owned(), minute);
        assert_eq!(told(None, None), [row("ip:192.0.2.7", 60)]);
        let user = || Some(Client::User("7".to_owned()));
        assert_eq!(
            told(user(), Some(Role::User)),
            [row("user:7", 60), row("accounts at 192.0.2.7 under 600", 600)]
        );
        assert_eq!(
            told(user(), Some(Role::Admin)),
            [row("user:7", 600), row("accounts at 192.0.2.7 under 6000", 6_000)]
        );
        assert_eq!(under(Policy::Upgrades, None, None), [row("upgrades of ip:192.0.2.7", 120)]);
        assert_eq!(
            under(Policy::Upgrades, user(), Some(Role::Admin)),
            [row("upgrades of user:7", 120), row("upgrades of accounts at 192.0.2.7 under 1200", 1_200)]
        );
        // Nobody pays who is not among them, accounts themselves excepted.
        let all = Who::all_at(&rate, address);
        assert_eq!(all.len(), 5);
        for policy in [Policy::Requests, Policy::Upgrades] {
            let by = |owner, role| Payer::all(&rate, policy, owner, role, address);
            let payers = by(None, None).chain(by(user(), Some(Role::Admin)).skip(1));
            for payer in payers.chain(by(user(), None).skip(1)) {
                assert!(all.contains(&payer.who), "{}", payer.who);
            }
        }
        let mut admin =
            Payer::all(&rate, Policy::Requests, Some(Payer::admin_token()), Some(Role::Admin), address);
        assert_eq!(admin.next().map(|payer| payer.limits.minute), Some(600));
    }
}
