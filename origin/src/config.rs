//! The origin's settings: from the environment, and below it from an `.env` file in the working directory.

mod accounts;
mod cache;
mod database;
mod environment;
mod events;
mod prices;
mod rate;
mod redis;
mod server;
mod sources;

pub use accounts::{AccountsConfig, JwtPrivateKey, JwtPublicKey};
pub use cache::OriginCacheConfig;
pub use database::{DatabaseConfig, DatabaseUrl};
pub use environment::{DotenvError, ProcessEnvironment};
pub use events::EventsConfig;
pub use prices::PricesConfig;
pub use rate::OriginRateConfig;
pub use redis::RedisUrl;
pub use server::ServerConfig;
pub use sources::{FilePath, SourcesConfig};

use crate::sources::SourceSpec;
use valora_shared::config::{
    AdminConfig, Faults, LifetimesConfig, RateConfig, Reader, RequestConfig, Section, SiteConfig, Source,
    TrustConfig, Variable,
};

/// Everything the origin reads from its environment.
#[derive(Debug, Clone)]
pub struct OriginConfig {
    /// Shared with the edge.
    pub site: SiteConfig,
    /// Shared with the edge.
    pub request: RequestConfig,
    /// Shared with the edge.
    pub trust: TrustConfig,
    /// Where events go.
    pub events: EventsConfig,
    /// Where it listens.
    pub server: ServerConfig,
    /// Where it keeps things.
    pub database: DatabaseConfig,
    /// Shared with the edge.
    pub lifetimes: LifetimesConfig,
    /// Its own response cache.
    pub cache: OriginCacheConfig,
    /// Shared with the edge.
    pub rate: RateConfig,
    /// Its own limiter.
    pub origin_rate: OriginRateConfig,
    /// How it computes prices.
    pub prices: PricesConfig,
    /// Shared with the edge.
    pub admin: AdminConfig,
    /// Tokens and keys.
    pub accounts: AccountsConfig,
    /// Where prices come from.
    pub sources: SourcesConfig,
    /// What the sources file declares.
    pub source_specs: Vec<SourceSpec>,
}

impl OriginConfig {
    /// Heading and variables of each section.
    pub const SECTIONS: &'static [(&'static str, &'static [Variable])] = &[
        (SiteConfig::TITLE, SiteConfig::VARIABLES),
        (RequestConfig::TITLE, RequestConfig::VARIABLES),
        (TrustConfig::TITLE, TrustConfig::VARIABLES),
        (EventsConfig::TITLE, EventsConfig::VARIABLES),
        (ServerConfig::TITLE, ServerConfig::VARIABLES),
        (DatabaseConfig::TITLE, DatabaseConfig::VARIABLES),
        (LifetimesConfig::TITLE, LifetimesConfig::VARIABLES),
        (OriginCacheConfig::TITLE, OriginCacheConfig::VARIABLES),
        (RateConfig::TITLE, RateConfig::VARIABLES),
        (OriginRateConfig::TITLE, OriginRateConfig::VARIABLES),
        (PricesConfig::TITLE, PricesConfig::VARIABLES),
        (AdminConfig::TITLE, AdminConfig::VARIABLES),
        (AccountsConfig::TITLE, AccountsConfig::VARIABLES),
        (SourcesConfig::TITLE, SourcesConfig::VARIABLES),
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
        let events = EventsConfig::read(&mut reader);
        let server = ServerConfig::read(&mut reader);
        let database = DatabaseConfig::read(&mut reader);
        let lifetimes = LifetimesConfig::read(&mut reader);
        let cache = OriginCacheConfig::read(&mut reader);
        let rate = RateConfig::read(&mut reader);
        let origin_rate = OriginRateConfig::read(&mut reader);
        let prices = PricesConfig::read(&mut reader);
        let admin = AdminConfig::read(&mut reader);
        let accounts = AccountsConfig::read(&mut reader);
        let sources = SourcesConfig::read(&mut reader);
        let specs = SourcesConfig::specs(source, &mut reader);
        SiteConfig::check(&mut reader);
        DatabaseConfig::check(&mut reader);
        RateConfig::check(&mut reader);
        TrustConfig::check(&mut reader);
        EventsConfig::check(&mut reader);
        AccountsConfig::check(&mut reader);
        let whole = (|| {
            Some(Self {
                site: site?,
                request: request?,
                trust: trust?,
                events: events?,
                server: server?,
                database: database?,
                lifetimes: lifetimes?,
                cache: cache?,
                rate: rate?,
                origin_rate: origin_rate?,
                prices: prices?,
                admin: admin?,
                accounts: accounts?,
                sources: sources?,
                source_specs: specs,
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
        OriginConfig::read(&source).unwrap_err().iter().map(|fault| fault.variable).collect()
    }

    #[test]
    fn without_any_variable_the_origin_runs_for_a_developer() {
        let config = OriginConfig::read(&HashMap::<String, String>::new()).unwrap();
        assert_eq!(config.server.bind_address.to_string(), "127.0.0.1:8000");
        assert_eq!(config.prices.default_margin_percent.basis_points(), 300);
    }

    #[test]
    fn all_faults_are_told_at_once_by_name() {
        let names = faulty(&[
            ("ENVIRONMENT", "production"),
            ("BIND_ADDRESS", "localhost"),
            ("DATABASE_URL", "mysql://db/valora"),
            ("DEFAULT_MARGIN_PERCENT", "91"),
            ("MAX_REQUEST_SIZE", "0"),
            ("ADMIN_TOKEN", "change-me-change-me-change-me-change-me"),
        ]);
        assert_eq!(
            names,
            [
                "MAX_REQUEST_SIZE",
                "BIND_ADDRESS",
                "DATABASE_URL",
                "DEFAULT_MARGIN_PERCENT",
                "FRONTEND_URL",
                "CLIENT_HASH_SECRET",
                "EDGE_ORIGIN_SECRET",
                "JWT_PRIVATE_KEY",
                "API_KEY_SECRET",
                "ADMIN_TOKEN"
            ]
        );
    }

    #[test]
    fn a_faulty_value_hides_no_rule_between_others() {
        let names = faulty(&[
            ("ENVIRONMENT", "production"),
            ("LOG_LEVEL", "xx"),
            ("DATABASE_URL", "sqlite://"),
            ("SOURCES_FILE", "/nowhere/sources.toml"),
            ("SOURCES_ALLOW_PRIVATE", "perhaps"),
            ("JWT_EXPIRE_MINUTES", "0"),
            ("RATE_LIMIT_PER_MINUTE", "500"),
            ("RATE_LIMIT_PER_HOUR", "100"),
            ("EDGE_URL", "https://edge.example"),
        ]);
        assert_eq!(
            names,
            [
                "LOG_LEVEL",
                "JWT_EXPIRE_MINUTES",
                "SOURCES_ALLOW_PRIVATE",
                "SOURCES_FILE",
                "FRONTEND_URL",
                "DATABASE_URL",
                "CLIENT_HASH_SECRET",
                "RATE_LIMIT_PER_MINUTE",
                "EDGE_ORIGIN_SECRET",
                "EDGE_URL",
                "JWT_PRIVATE_KEY",
                "API_KEY_SECRET"
            ]
        );
    }

    #[test]
    fn no_variable_is_named_twice() {
        let mut names: Vec<_> = OriginConfig::variables().map(|variable| variable.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
