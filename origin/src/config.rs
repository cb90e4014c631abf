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
    AdminConfig, Environment, Faults, LifetimesConfig, RateConfig, Reader, RequestConfig, Section,
    SiteConfig, Source, TrustConfig, Variable,
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
        let specs = sources.as_ref().map(|sources| sources.specs(source, &mut reader)).unwrap_or_default();
        if let Some(site) = &site {
            site.check(&mut reader);
            let in_memory = database.as_ref().is_some_and(|database| database.url == DatabaseUrl::Memory);
            if site.environment == Environment::Production && in_memory {
                reader.fault(
                    "DATABASE_URL",
                    "must be a file when ENVIRONMENT is production: memory is gone at the end",
                );
            }
            if let Some(rate) = &rate {
                rate.check(site, source, &mut reader);
            }
            if let Some(trust) = &trust {
                trust.check(site, source, &mut reader);
            }
            if let (Some(events), Some(trust)) = (&events, &trust) {
                events.check(trust, &mut reader);
            }
            if let Some(accounts) = &accounts {
                accounts.check(admin.as_ref(), site, source, &mut reader);
            }
        }
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

    #[test]
    fn without_any_variable_the_origin_runs_for_a_developer() {
        let config = OriginConfig::read(&HashMap::<String, String>::new()).unwrap();
        assert_eq!(config.server.bind_address.to_string(), "127.0.0.1:8000");
        assert_eq!(config.prices.default_margin_percent.basis_points(), 300);
    }

    #[test]
    fn all_faults_are_told_at_once_by_name() {
        let source: HashMap<String, String> = [
            ("ENVIRONMENT", "production"),
            ("BIND_ADDRESS", "localhost"),
            ("DATABASE_URL", "mysql://db/valora"),
            ("DEFAULT_MARGIN_PERCENT", "91"),
            ("MAX_REQUEST_SIZE", "0"),
            ("ADMIN_TOKEN", "change-me-change-me-change-me-change-me"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let faults = OriginConfig::read(&source).unwrap_err();
        let names: Vec<_> = faults.iter().map(|fault| fault.variable).collect();
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
    fn no_variable_is_named_twice() {
        let mut names: Vec<_> = OriginConfig::variables().map(|variable| variable.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
