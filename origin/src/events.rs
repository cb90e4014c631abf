//! Telling the edge what changed: the outbox's rows ([`crate::store::events`]) are sent and deleted, or, where there
//! is no edge, deleted after a day.

mod delivery;
mod pruning;
mod sender;
mod status;

pub use sender::Sender;
pub use status::EventsStatus;
