//! The repository's own commands: `cargo xtask dev | up | down | test | lint | bench | fuzz | build-edge | docs | doctor`.
//!
//! A library with a thin program around it, so that tests and benches start the system ([`system`]) just as
//! the commands do.

pub mod apt;
pub mod bench;
pub mod browser;
pub mod cli;
pub mod command;
pub mod conformance;
pub mod dev;
pub mod docs;
pub mod doctor;
pub mod fuzz;
pub mod lint;
pub mod lock;
pub mod npm;
pub mod paths;
pub mod process;
pub mod schemathesis;
pub mod stamp;
pub mod step;
pub mod system;
pub mod test;
pub mod toolchain;
pub mod up;
pub mod worker;
pub mod wrangler;
