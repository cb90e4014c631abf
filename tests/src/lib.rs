//! What the end-to-end tests and the benches share, and the documents that are generated from the code.

pub mod assertions;
pub mod client;
pub mod deliveries;
pub mod docs;
mod money;
pub mod recorder;
pub mod redis;
pub mod replica;
pub mod running;
pub mod scripted;
pub mod tap;
pub mod until;
