//! The border between edge and origin (design: trust.md): who signed a request, whom it speaks for, and the secrets
//! both sides share.
//!
//! RFC 9421 HTTP Message Signatures in one fixed profile: what is signed and in which order is known, so nothing
//! is negotiated and there is no general parser. A message that differs from the profile by one byte has no valid
//! signature.

mod api_key;
mod client;
mod digest;
mod guessable;
mod mac;
mod nonce;
mod pseudonym;
mod secret;
mod signature;
mod verify;

pub use api_key::{ApiKey, InvalidApiKey};
pub use client::{Client, InvalidClient};
pub use digest::content_digest;
pub use guessable::is_guessable;
pub use nonce::{InvalidNonce, Nonce, needs_nonce};
pub use pseudonym::{pseudonym, pseudonym_bytes};
pub use secret::{KeyRing, SharedSecret};
pub use signature::{Message, Profile, Signed, sign};
pub use verify::{Refused, Verified, verify};

/// How far `created` may lie from the verifier's clock, either way.
pub const MAX_CLOCK_SKEW_SECONDS: i64 = 60;
