//! Events, origin to edge (design: trust.md): what changed at the origin and the edge must know.
//!
//! A delivery is a signed `POST` of [`PATH`]. Each event is read for itself, so that one the edge does not understand
//! is refused alone and holds up nobody.

mod delivery;
mod event;
mod id;
mod tags;

pub use delivery::{InvalidDelivery, Read, Receipt, RefusedEvent, parse, to_json};
pub use event::{
    AuditEntry, ChainState, Event, EventBody, InvalidEvent, PriceUpdate, Purge, PurgeMode, Revocation,
    Subject,
};
pub use id::{EventId, InvalidEventId};
pub use tags::{PRODUCTS_TAG, category_tag, product_tag};

/// Where the edge takes events.
pub const PATH: &str = "/internal/v1/events";
/// The most events in one delivery.
pub const MAX_EVENTS: usize = 500;
/// The most of them that are prices: each costs the edge a call to the product's room.
pub const MAX_PRICES: usize = 40;
