//! Fuzzing of every parser of the cache that reads bytes of other people's, and of the limiter's state as it is stored:
//! `cargo xtask fuzz [TARGET]`.
//!
//! A small driver of our own: it changes seeds at random, keeps what reaches code that nothing reached before, and holds
//! every input against the properties of its target. It runs on the stable toolchain and downloads nothing (ADR 0010).
//! `fuzz/corpus/TARGET/` holds the seeds, one a file; an input that once broke something belongs there, too.

pub mod corpus;
pub mod coverage;
pub mod engine;
mod mutate;
mod random;
pub mod targets;
mod watch;
