//! The steps of the pipeline, a file each.

pub mod admin;
pub mod cache;
pub mod configuration;
pub mod events;
#[cfg(feature = "fault-injection")]
pub mod faults;
pub mod health;
pub mod https;
pub mod limit;
pub mod origin;
pub mod preflight;
pub mod size;

use valora_shared::problem::{ErrorCode, Problem};

/// For a request that no step answered.
pub fn unanswered() -> Problem {
    Problem::new(ErrorCode::InternalError, "The request could not be answered.")
}
