//! Settings both sides need: how they recognise each other.

use super::{Reader, production};
use crate::trust::{KeyRing, SharedSecret};

crate::section! {
    /// The border between edge and origin; the same on both sides.
    pub struct TrustConfig("Trust") {
        /// The key under which edge and origin sign for each other. Required in production; without it nothing is
        /// signed, and the origin treats every request as direct.
        pub edge_origin_secret: Option<SharedSecret>, var "EDGE_ORIGIN_SECRET", secret;
        /// The key before it, still accepted while a rotation is under way.
        pub edge_origin_secret_previous: Option<SharedSecret>, var "EDGE_ORIGIN_SECRET_PREVIOUS", secret;
    }
}

impl TrustConfig {
    /// The keys, if there are any.
    pub fn keys(&self) -> Option<KeyRing> {
        let current = self.edge_origin_secret.clone()?;
        Some(KeyRing { current, previous: self.edge_origin_secret_previous.clone() })
    }

    /// Rules between the variables.
    pub fn check(reader: &mut Reader<'_>) {
        const CURRENT: &str = "EDGE_ORIGIN_SECRET";
        const PREVIOUS: &str = "EDGE_ORIGIN_SECRET_PREVIOUS";
        production::random(CURRENT, reader);
        production::random(PREVIOUS, reader);
        production::required(CURRENT, reader);
        if reader.given(CURRENT).is_none() && reader.given(PREVIOUS).is_some() {
            reader.fault(PREVIOUS, "means nothing without EDGE_ORIGIN_SECRET");
        }
    }
}
