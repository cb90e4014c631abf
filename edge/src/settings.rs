//! The Worker's settings, read once per isolate. A Worker cannot refuse to start, so faulty settings are a state:
//! every route then answers 503 and the log holds each fault.

use crate::{credentials::Verifier, js::binding, platform};
use valora_shared::{
    cache::Lifetimes,
    config::{EdgeConfig, Environment, Faults, LogLevel, Source},
    http::CorsPolicy,
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
        // A number or a boolean in wrangler.toml stays one here; anything else is no setting, and its text a fault.
        let value = binding(self.0, name)?;
        let number = || value.as_f64().map(|number| number.to_string());
        let boolean = || value.as_bool().map(|yes| yes.to_string());
        value.as_string().or_else(number).or_else(boolean).or_else(|| Some("[object]".to_owned()))
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
            let all: Vec<String> = faults.iter().map(|f| format!("{}: {}", f.variable, f.message)).collect();
            platform::log_error(
                &serde_json::json!({"level": "error", "message": "faulty settings", "faults": all}),
            );
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
