//! Settings both sides need: how they recognise each other.

use super::{Environment, Reader, SiteConfig, Source};
use crate::trust::{KeyRing, SharedSecret, is_guessable};

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
    pub fn check(&self, site: &SiteConfig, source: &dyn Source, reader: &mut Reader<'_>) {
        for name in ["EDGE_ORIGIN_SECRET", "EDGE_ORIGIN_SECRET_PREVIOUS"] {
            let is_guessable = source.get(name).is_some_and(|secret| is_guessable(&secret));
            if site.environment == Environment::Production && is_guessable {
                reader.fault(name, "looks typed or copied from an example; in production it must be random");
            }
        }
        if site.environment == Environment::Production && self.edge_origin_secret.is_none() {
            reader.fault("EDGE_ORIGIN_SECRET", "must be set when ENVIRONMENT is production");
        }
        if self.edge_origin_secret.is_none() && self.edge_origin_secret_previous.is_some() {
            reader.fault("EDGE_ORIGIN_SECRET_PREVIOUS", "means nothing without EDGE_ORIGIN_SECRET");
        }
    }
}
