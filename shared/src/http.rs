//! Header names and the header rules both sides follow.

mod admin_path;
mod cors;
mod hop_by_hop;
pub mod names;
mod plain_url;
mod public_address;
mod security;
mod traceparent;

pub use admin_path::{below_admin, is_admin_path};
pub use cors::{CorsDecision, CorsPolicy, EXPOSED_HEADERS, Preflight, is_preflight};
pub use hop_by_hop::{is_dropped_from_answer, is_dropped_from_outside, is_hop_by_hop, is_told_by_the_edge};
pub use plain_url::is_plain_url;
pub use public_address::is_public;
pub use security::{CSP_JSON, security_headers};
pub use traceparent::trace_id;
