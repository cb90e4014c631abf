//! Settings both sides need: where they stand and whom they serve.

use super::{Environment, HttpOrigin, LogLevel, Reader, production};

crate::section! {
    /// Environment, sites and logs; the same at the edge and at the origin.
    pub struct SiteConfig("Site") {
        /// Which rules hold. Production lists its sites itself, explains no refusals and sends HSTS.
        pub environment: Environment, var "ENVIRONMENT" = "development";
        /// The storefront's origin, allowed to call the API from a browser. Required in production.
        pub frontend_url: Option<HttpOrigin>, var "FRONTEND_URL";
        /// The admin console's origin, allowed likewise in production.
        pub admin_url: Option<HttpOrigin>, var "ADMIN_URL";
        /// The least severe log line that is written.
        pub log_level: LogLevel, var "LOG_LEVEL" = "info";
    }
}

impl SiteConfig {
    /// Rules between the variables.
    pub fn check(reader: &mut Reader<'_>) {
        production::required("FRONTEND_URL", reader);
    }
}
