//! Which browser pages may call the API (Fetch standard, CORS protocol; design: security.md): an exact list of
//! origins, credentials allowed, never `*`, never the asked-for origin reflected without a look at the list.

use crate::config::{Environment, SiteConfig};

/// Methods the API has.
const ALLOWED_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/// Request headers a page may send; a list, because `*` means nothing with credentials.
const ALLOWED_HEADERS: &str = "accept, accept-language, authorization, content-language, content-type, \
     if-modified-since, if-none-match, traceparent, tracestate, x-correlation-id, x-requested-with";
/// Response headers a page may read.
pub const EXPOSED_HEADERS: &str = "age, etag, ratelimit, ratelimit-policy, retry-after, server-timing, x-cache, \
     x-cache-ttl, x-correlation-id, x-ratelimit-limit-day, x-ratelimit-limit-hour, x-ratelimit-limit-minute, \
     x-ratelimit-remaining-day, x-ratelimit-remaining-hour, x-ratelimit-remaining-minute, x-response-time";
/// Seconds a browser may keep a preflight's answer.
const MAX_AGE_SECONDS: &str = "600";

/// Ports of the usual local front ends, on localhost and 127.0.0.1.
const DEVELOPMENT_PORTS: [u16; 3] = [5173, 3000, 8080];

/// The list for one deployment.
#[derive(Debug, Clone)]
pub struct CorsPolicy {
    allowed: Vec<String>,
    explains: bool,
}

/// What the list says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorsDecision<'a> {
    /// No `Origin`: not a cross-origin browser request.
    NotCors,
    /// Listed; echo exactly this.
    Allowed(&'a str),
    /// Not listed: no Access-Control header at all.
    Refused,
}

/// The answer to a preflight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preflight {
    /// 204 with these headers, and Access-Control-Allow-Origin.
    Allowed([(&'static str, &'static str); 4]),
    /// 403 with this explanation.
    Refused(String),
}

impl CorsPolicy {
    /// The origins that `site`'s environment allows.
    pub fn new(site: &SiteConfig) -> Self {
        let mut allowed: Vec<String> = site.frontend_url.iter().map(|url| url.as_str().to_owned()).collect();
        let explains = site.environment == Environment::Development;
        if explains {
            for host in ["localhost", "127.0.0.1"] {
                allowed.extend(DEVELOPMENT_PORTS.map(|port| format!("http://{host}:{port}")));
            }
        } else {
            allowed.extend(site.admin_url.iter().map(|url| url.as_str().to_owned()));
        }
        Self { allowed, explains }
    }

    /// Looks an `Origin` up. Origins are compared as browsers send them: byte for byte.
    pub fn decide<'a>(&self, origin: Option<&'a str>) -> CorsDecision<'a> {
        match origin {
            None | Some("") => CorsDecision::NotCors,
            Some(origin) if self.allowed.iter().any(|allowed| allowed == origin) => {
                CorsDecision::Allowed(origin)
            }
            Some(_) => CorsDecision::Refused,
        }
    }

    /// Answers a preflight from `origin`.
    pub fn preflight(&self, origin: &str) -> Preflight {
        if matches!(self.decide(Some(origin)), CorsDecision::Allowed(_)) {
            Preflight::Allowed([
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-methods", ALLOWED_METHODS),
                ("access-control-allow-headers", ALLOWED_HEADERS),
                ("access-control-max-age", MAX_AGE_SECONDS),
            ])
        } else {
            let hint = self.hint().map_or_else(String::new, |hint| format!(" {hint}"));
            Preflight::Refused(format!("This site may not call the API from a browser.{hint}"))
        }
    }

    /// In development, how to let a refused origin in.
    pub fn hint(&self) -> Option<&'static str> {
        self.explains.then_some("Set FRONTEND_URL to the page's origin to allow it.")
    }
}

/// Whether a request is a preflight: OPTIONS with an Origin and Access-Control-Request-Method. Any other OPTIONS
/// is a request like every other.
pub fn is_preflight(method: &str, origin: Option<&str>, requested_method: Option<&str>) -> bool {
    let given = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
    method == "OPTIONS" && given(origin) && given(requested_method)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Reader, Section};
    use std::collections::HashMap;

    fn policy(settings: &[(&str, &str)]) -> CorsPolicy {
        let source: HashMap<String, String> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut reader = Reader::new(&source);
        let site = SiteConfig::read(&mut reader);
        reader.finish(site).map(|site| CorsPolicy::new(&site)).unwrap()
    }

    #[test]
    fn development_knows_the_usual_local_front_ends() {
        let policy = policy(&[]);
        for origin in ["http://localhost:5173", "http://127.0.0.1:3000", "http://localhost:8080"] {
            assert_eq!(policy.decide(Some(origin)), CorsDecision::Allowed(origin));
        }
        for origin in
            ["http://localhost:5174", "https://localhost:5173", "http://localhost:5173.evil", "null"]
        {
            assert_eq!(policy.decide(Some(origin)), CorsDecision::Refused, "{origin}");
        }
        assert_eq!(policy.decide(None), CorsDecision::NotCors);
    }

    #[test]
    fn production_knows_only_what_it_was_told() {
        let policy = policy(&[
            ("ENVIRONMENT", "production"),
            ("FRONTEND_URL", "https://shop.example"),
            ("ADMIN_URL", "https://admin.example/"),
        ]);
        assert_eq!(
            policy.decide(Some("https://admin.example")),
            CorsDecision::Allowed("https://admin.example")
        );
        assert_eq!(policy.decide(Some("http://localhost:5173")), CorsDecision::Refused);
        let Preflight::Refused(text) = policy.preflight("https://evil.example") else { panic!() };
        assert!(!text.contains("FRONTEND_URL"), "production explains nothing");
    }

    #[test]
    fn a_preflight_is_answered_with_lists_and_never_with_a_star() {
        let Preflight::Allowed(headers) = policy(&[]).preflight("http://localhost:5173") else { panic!() };
        assert!(headers.iter().all(|(_, value)| !value.contains('*')));
        let Preflight::Refused(text) = policy(&[]).preflight("http://evil.example") else { panic!() };
        assert!(text.contains("FRONTEND_URL"));
    }

    #[test]
    fn only_options_with_both_headers_is_a_preflight() {
        assert!(is_preflight("OPTIONS", Some("http://a"), Some("POST")));
        assert!(!is_preflight("OPTIONS", Some("http://a"), None));
        assert!(!is_preflight("OPTIONS", None, Some("POST")));
        assert!(!is_preflight("POST", Some("http://a"), Some("POST")));
    }
}
