//! What production asks beyond the form of a value. Each rule needs to know no more than the environment and its own
//! variable, so that a fault in another hides nothing.

use super::{Environment, Reader, SiteConfig};
use crate::trust::is_guessable;

/// Whether production's rules hold. Where nobody can know, they do not.
pub fn is_production(reader: &Reader<'_>) -> bool {
    SiteConfig::environment(reader) == Some(Environment::Production)
}

/// A variable that production cannot do without.
pub fn required(variable: &'static str, reader: &mut Reader<'_>) {
    if is_production(reader) && reader.given(variable).is_none() {
        reader.fault(variable, "must be set when ENVIRONMENT is production");
    }
}

/// A secret that nobody may have typed in production.
pub fn random(variable: &'static str, reader: &mut Reader<'_>) {
    // What has not even the form of a secret has been told that already.
    let is_read = is_production(reader) && !reader.is_faulty(variable);
    if is_read && reader.given(variable).is_some_and(|secret| is_guessable(secret.trim())) {
        reader.fault(
            variable,
            "looks typed or copied from an example; when ENVIRONMENT is production it must be random, as from \
             `openssl rand -hex 32`",
        );
    }
}
