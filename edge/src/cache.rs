//! The response cache's tiers: memory of the isolate, then Workers KV. Bodies stay JavaScript handles.

mod entry;
pub mod kv;
mod memory;

pub use entry::Entry;
pub use memory::MemoryTier;
