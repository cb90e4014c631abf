//! From where a request comes.

use crate::pipeline::Border;
use axum::extract::ConnectInfo;
use http::Extensions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use valora_shared::{account::client_network, trust::Client};

/// The client that attempts are counted for: the one that the edge names under its signature, else the peer of the
/// connection. Nothing that a request says of itself without a signature is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientIdentity(Client);

impl ClientIdentity {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        Self(match extensions.get::<Border>() {
            Some(Border::Signed { client: Client::Ip(address), .. }) => Client::Ip(client_network(*address)),
            Some(Border::Signed { client, .. }) => client.clone(),
            Some(Border::Direct) | None => Client::Ip(client_network(peer(extensions))),
        })
    }

    /// `ip:192.0.2.7`, for pseudonyms: never logged or stored as it is.
    pub(crate) fn subject(&self) -> String {
        self.0.to_string()
    }
}

/// Who has connected. Requests without a peer share an address, and so its limits.
pub(crate) fn peer(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}
