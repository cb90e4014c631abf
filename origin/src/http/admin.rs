//! What only admins may do. Nobody gets here but through `pipeline::admin`, which also writes the audit.

pub(crate) mod cache;
pub(crate) mod prices;
pub(crate) mod ratelimit;
pub(crate) mod scheduler;
pub(crate) mod users;
