//! Where the origin listens.

use std::net::SocketAddr;

valora_shared::section! {
    /// Where the origin listens.
    pub struct ServerConfig("Origin server") {
        /// Address and port the origin listens on.
        pub bind_address: SocketAddr, var "BIND_ADDRESS" = "127.0.0.1:8000";
    }
}
