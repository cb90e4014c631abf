//! What only admins may do. Nobody gets here but through `pipeline::admin`, which also writes the audit.

pub(crate) mod users;
