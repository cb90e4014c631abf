//! Whom the origin may call. Names are resolved here and nowhere else, and every address is looked at before it is
//! connected to; addresses written in a URL, which no resolver sees, are looked at before each request and redirect.

use super::failure::{Failure, PrivateAddress};
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    fmt::Debug,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};
use url::Host;
use valora_shared::http::is_public;

/// Finds the addresses of a name.
pub trait Lookup: Debug + Send + Sync {
    /// All of them.
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The machine's own way.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

/// Which addresses may be called.
#[derive(Debug, Clone)]
pub struct Addresses {
    lookup: Arc<dyn Lookup>,
    allows_private: bool,
    also: Vec<IpAddr>,
}

impl Addresses {
    /// Public ones, and private ones where `allows_private`.
    pub fn new(lookup: Arc<dyn Lookup>, allows_private: bool) -> Self {
        Self { lookup, allows_private, also: Vec::new() }
    }

    /// Also `address`, whatever it is.
    #[must_use]
    pub fn and(mut self, address: IpAddr) -> Self {
        self.also.push(address);
        self
    }

    fn check(&self, address: IpAddr) -> Result<(), PrivateAddress> {
        let is_allowed = self.allows_private || is_public(address) || self.also.contains(&address);
        if is_allowed { Ok(()) } else { Err(PrivateAddress(address)) }
    }

    /// Looks at an address that is written in the URL itself, in whatever form: the URL's parser knows them all.
    pub(super) fn check_url(&self, url: &Url) -> Result<(), Failure> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Failure::Redirect),
        };
        self.check(address).map_err(|PrivateAddress(address)| Failure::PrivateAddress(address))
    }
}

impl Resolve for Addresses {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let found = this.lookup.lookup(name.as_str()).await?;
            // One private address among public ones is no accident either.
            found.iter().try_for_each(|address| this.check(*address))?;
            // Port 0 becomes the URL's.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let name = name.to_owned();
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}
