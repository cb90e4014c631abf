//! Purge by epochs (design: cache.md): nothing is looked up and deleted. Every call that purges anything has a number,
//! its epoch, and what it purges is marked with it; an answer remembers the epoch that was known when it was asked for,
//! and whatever is marked with a later one counts against it.

mod age;
mod changes;
mod newest;
mod part;
mod slot;
mod table;
mod target;

pub use changes::{EpochChanges, MAX_CHANGES_BYTES, changes_from};
pub use newest::{mode_at, strictness};
pub use part::InvalidPart;
pub use slot::{SLOTS, slot_of};
pub use table::{Epochs, MAX_RULES};
pub use target::PurgeTarget;

#[cfg(test)]
#[path = "epochs/model_tests.rs"]
mod tests;
