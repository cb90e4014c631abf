//! Where the origin listens.

use std::net::SocketAddr;
use valora_shared::config::Bounded;

valora_shared::section! {
    /// Where the origin listens and how large a request may be.
    pub struct ServerConfig("Origin server") {
        /// Address and port the origin listens on.
        pub bind_address: SocketAddr, var "BIND_ADDRESS" = "127.0.0.1:8000";
        /// Bytes a request body may have; above it the answer is 413.
        pub max_request_size: Bounded<1_024, 104_857_600>, var "MAX_REQUEST_SIZE" = "1048576";
    }
}
