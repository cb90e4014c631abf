//! Security headers: on every answer, errors too (design: security.md).

use crate::config::Environment;

/// Content-Security-Policy of everything that is not a page. A page brings its own, by hash.
pub const CSP_JSON: &str = "default-src 'none'; frame-ancestors 'none'";

const ALWAYS: [(&str, &str); 8] = [
    ("content-security-policy", CSP_JSON),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // "0" on purpose: the filter that "1" switches on in old browsers is itself a hole.
    ("x-xss-protection", "0"),
];

/// Two years, as the preload list asks.
const HSTS: (&str, &str) = ("strict-transport-security", "max-age=63072000; includeSubDomains");

/// The headers to set on every answer. Where the answer is a page with a Content-Security-Policy of its own,
/// that one stays.
pub fn security_headers(environment: Environment) -> impl Iterator<Item = (&'static str, &'static str)> {
    // HSTS on http://localhost would lock a developer's browser out of every local port.
    let hsts = (environment == Environment::Production).then_some(HSTS);
    ALWAYS.into_iter().chain(hsts)
}

/// Whether a field is one of these, whatever an answer says: a page's own policy is not. `name` in lower case.
pub(super) fn is_security_header(name: &str) -> bool {
    name != "content-security-policy"
        && security_headers(Environment::Production).any(|(known, _)| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hsts_only_in_production() {
        let has_hsts = |environment| security_headers(environment).any(|(name, _)| name == HSTS.0);
        assert!(has_hsts(Environment::Production));
        assert!(!has_hsts(Environment::Development));
    }

    #[test]
    fn nothing_unsafe_and_no_name_twice() {
        let all: Vec<_> = security_headers(Environment::Production).collect();
        assert!(all.iter().all(|(_, value)| !value.contains("unsafe")));
        let mut names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
    }
}
