//! The Worker's settings, read once per isolate. A Worker cannot refuse to start, so faulty settings are a state:
//! every route then answers 503 and the log holds each fault.

use crate::{credentials::Verifier, js, platform};
use valora_shared::{
    cache::Lifetimes,
    config::{EdgeConfig, Environment, Faults, LogLevel, Source},
    http::CorsPolicy,
    json,
    trust::{KeyRing, SharedSecret},
};

/// Settings and what is made of them once.
pub struct Settings {
    /// As read.
    pub config: EdgeConfig,
    /// Who may call from a browser.
    pub cors: CorsPolicy,
    /// Under which edge and origin sign for each other.
    pub keys: Option<KeyRing>,
    /// What credentials are verified with.
    pub verifier: Verifier,
    /// Under which clients are counted and logged.
    pub client_secret: SharedSecret,
    /// For answers that name no lifetime.
    pub lifetimes: Lifetimes,
}

/// The Worker's vars and secrets.
struct Bindings<'a>(&'a worker::Env);

impl Source for Bindings<'_> {
    fn get(&self, name: &str) -> Option<String> {
        js::setting(self.0, name)
    }
}

impl Settings {
    /// From any source.
    ///
    /// # Errors
    /// Every fault.
    pub fn read(source: &dyn Source) -> Result<Self, Faults> {
        let config = EdgeConfig::read(source)?;
        let cors = CorsPolicy::new(&config.site);
        let keys = config.trust.keys();
        let verifier = Verifier::new(&config);
        let lifetimes = config.lifetimes.table();
        let client_secret = config.rate.client_secret();
        Ok(Self { config, cors, keys, verifier, client_secret, lifetimes })
    }

    /// From the Worker's bindings; faults go to the log, once per isolate.
    ///
    /// # Errors
    /// Every fault.
    pub fn from_bindings(env: &worker::Env) -> Result<Self, Faults> {
        Self::read(&Bindings(env)).inspect_err(|faults| {
            let all =
                faults.iter().map(|fault| json::quoted(&[fault.variable, ": ", &fault.message].concat()));
            let all = json::list(&all.collect::<Vec<_>>());
            platform::log_error(platform::line("error", "faulty settings").json("faults", &all));
        })
    }

    /// Development or production.
    pub fn environment(&self) -> Environment {
        self.config.site.environment
    }

    /// Whether lines of this level are written.
    pub fn logs(&self, level: LogLevel) -> bool {
        level >= self.config.site.log_level
    }
}
