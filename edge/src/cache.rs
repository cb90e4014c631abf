//! The response cache: memory of the isolate, then Workers KV, then the origin. What is decided stands in
//! `valora_shared::cache`; here it is looked up, fetched and kept. Bodies stay JavaScript handles.

mod entry;
pub mod epochs;
pub mod fill;
pub mod invalidate;
pub mod kv;
mod lookup;
pub mod memory;
mod notes;
#[cfg(test)]
pub mod testing;
pub mod underway;

pub use entry::{Body, Entry};
pub use lookup::{InHand, Lookup};
pub use memory::MemoryTier;
pub use notes::Notes;
