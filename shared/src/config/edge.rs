//! The Worker's settings. They stand here and not in edge/, because three read them: the Worker itself, the
//! build that refuses faulty ones, and the generator of docs/CONFIGURATION.md.

use super::{
    AdminConfig, Bounded, CredentialsConfig, EdgeCacheConfig, EdgeRateConfig, Faults, HttpOrigin, HubConfig,
    LifetimesConfig, RateConfig, Reader, RequestConfig, Section, SiteConfig, Source, TrustConfig, Variable,
    production,
};

crate::section! {
    /// How the edge reaches the origin.
    pub struct UpstreamConfig("Edge to origin") {
        /// Where the origin is.
        pub origin_url: HttpOrigin, var "ORIGIN_URL" = "http://127.0.0.1:8000";
        /// Milliseconds the origin has for its whole answer, then the client gets a 504; and a client for its whole
        /// body, then it gets a 408.
        pub origin_timeout_ms: Bounded<100, 60_000>, var "ORIGIN_TIMEOUT_MS" = "10000";
        /// 1 believes CF-Connecting-IP in development too. Local runtimes pass on what a client sends, so this is for
        /// tests only, and `cargo xtask up` sets it where nothing else does; in production the field is Cloudflare's own
        /// and always believed.
        pub trust_cf_connecting_ip: Bounded<0, 1>, var "TRUST_CF_CONNECTING_IP" = "0";
    }
}

/// Everything the Worker reads from its vars and secrets.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// Shared with the origin.
    pub site: SiteConfig,
    /// Shared with the origin.
    pub request: RequestConfig,
    /// Shared with the origin.
    pub trust: TrustConfig,
    /// Shared with the origin.
    pub admin: AdminConfig,
    /// What credentials are verified with.
    pub credentials: CredentialsConfig,
    /// The Hub.
    pub hub: HubConfig,
    /// The way to the origin.
    pub upstream: UpstreamConfig,
    /// Shared with the origin.
    pub lifetimes: LifetimesConfig,
    /// The response cache.
    pub cache: EdgeCacheConfig,
    /// Shared with the origin.
    pub rate: RateConfig,
    /// The rate limit here.
    pub edge_rate: EdgeRateConfig,
}

impl EdgeConfig {
    /// Heading and variables of each section.
    pub const SECTIONS: &'static [(&'static str, &'static [Variable])] = &[
        (SiteConfig::TITLE, SiteConfig::VARIABLES),
        (RequestConfig::TITLE, RequestConfig::VARIABLES),
        (TrustConfig::TITLE, TrustConfig::VARIABLES),
        (AdminConfig::TITLE, AdminConfig::VARIABLES),
        (CredentialsConfig::TITLE, CredentialsConfig::VARIABLES),
        (HubConfig::TITLE, HubConfig::VARIABLES),
        (UpstreamConfig::TITLE, UpstreamConfig::VARIABLES),
        (LifetimesConfig::TITLE, LifetimesConfig::VARIABLES),
        (EdgeCacheConfig::TITLE, EdgeCacheConfig::VARIABLES),
        (RateConfig::TITLE, RateConfig::VARIABLES),
        (EdgeRateConfig::TITLE, EdgeRateConfig::VARIABLES),
    ];

    /// All variables.
    pub fn variables() -> impl Iterator<Item = &'static Variable> {
        Self::SECTIONS.iter().flat_map(|(_, variables)| variables.iter())
    }

    /// Reads and checks everything.
    ///
    /// # Errors
    /// Every fault, by variable.
    pub fn read(source: &dyn Source) -> Result<Self, Faults> {
        let mut reader = Reader::new(source);
        let site = SiteConfig::read(&mut reader);
        let request = RequestConfig::read(&mut reader);
        let trust = TrustConfig::read(&mut reader);
        let admin = AdminConfig::read(&mut reader);
        let credentials = CredentialsConfig::read(&mut reader);
        let hub = HubConfig::read(&mut reader);
        let upstream = UpstreamConfig::read(&mut reader);
        let lifetimes = LifetimesConfig::read(&mut reader);
        let cache = EdgeCacheConfig::read(&mut reader);
        let rate = RateConfig::read(&mut reader);
        let edge_rate = EdgeRateConfig::read(&mut reader);
        SiteConfig::check(&mut reader);
        RateConfig::check(&mut reader);
        TrustConfig::check(&mut reader);
        production::random("ADMIN_TOKEN", &mut reader);
        production::random("API_KEY_SECRET", &mut reader);
        production::required("ORIGIN_URL", &mut reader);
        let whole = (|| {
            Some(Self {
                site: site?,
                request: request?,
                trust: trust?,
                admin: admin?,
                credentials: credentials?,
                hub: hub?,
                upstream: upstream?,
                lifetimes: lifetimes?,
                cache: cache?,
                rate: rate?,
                edge_rate: edge_rate?,
            })
        })();
        reader.finish(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// The variables that are told to be faulty.
    fn faulty(variables: &[(&str, &str)]) -> Vec<&'static str> {
        let source: HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        EdgeConfig::read(&source).unwrap_err().iter().map(|fault| fault.variable).collect()
    }

    #[test]
    fn without_any_variable_the_edge_runs_for_a_developer() {
        let config = EdgeConfig::read(&HashMap::<String, String>::new()).unwrap();
        assert_eq!(config.upstream.origin_url.as_str(), "http://127.0.0.1:8000");
        assert_eq!(config.cache.cache_memory_bytes.get(), 32 << 20);
    }

    #[test]
    fn all_faults_are_told_at_once_by_name() {
        let names = faulty(&[
            ("ENVIRONMENT", "production"),
            ("ORIGIN_URL", "origin.internal"),
            ("ORIGIN_TIMEOUT_MS", "soon"),
            ("CACHE_MEMORY_BYTES", "1"),
        ]);
        assert_eq!(
            names,
            [
                "ORIGIN_URL",
                "ORIGIN_TIMEOUT_MS",
                "CACHE_MEMORY_BYTES",
                "FRONTEND_URL",
                "CLIENT_HASH_SECRET",
                "EDGE_ORIGIN_SECRET"
            ]
        );
    }

    #[test]
    fn a_faulty_value_hides_no_rule_between_others() {
        let names = faulty(&[
            ("LOG_LEVEL", "xx"),
            ("RATE_LIMIT_PER_MINUTE", "500"),
            ("RATE_LIMIT_PER_HOUR", "100"),
            ("ENVIRONMENT", "production"),
            ("EDGE_ORIGIN_SECRET_PREVIOUS", "short"),
        ]);
        assert_eq!(
            names,
            [
                "LOG_LEVEL",
                "EDGE_ORIGIN_SECRET_PREVIOUS",
                "FRONTEND_URL",
                "CLIENT_HASH_SECRET",
                "RATE_LIMIT_PER_MINUTE",
                "EDGE_ORIGIN_SECRET",
                "EDGE_ORIGIN_SECRET_PREVIOUS",
                "ORIGIN_URL"
            ]
        );
    }

    #[test]
    fn no_variable_is_named_twice() {
        let mut names: Vec<_> = EdgeConfig::variables().map(|variable| variable.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
