//! wrangler.toml: the one list of bindings, read here for miniflare and for the check of an environment.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use valora_shared::config::EdgeConfig;

use crate::paths;

pub mod miniflare;

/// The parts of wrangler.toml that more than wrangler needs.
#[derive(Debug, Clone, Deserialize)]
pub struct Wrangler {
    /// Which behaviour of the runtime the Worker was written for.
    pub compatibility_date: String,
    /// Deviations from it.
    #[serde(default)]
    pub compatibility_flags: Vec<String>,
    /// Variables and bindings of the top level: development.
    #[serde(flatten)]
    pub development: Bindings,
    /// Further environments by name.
    #[serde(default, rename = "env")]
    pub environments: BTreeMap<String, Bindings>,
    /// History of the Durable Object classes.
    #[serde(default)]
    pub migrations: Vec<Migration>,
}

/// What one environment binds. Environments inherit none of it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Bindings {
    /// Plain variables.
    #[serde(default)]
    pub vars: BTreeMap<String, toml::Value>,
    /// KV namespaces.
    #[serde(default)]
    pub kv_namespaces: Vec<KvNamespace>,
    /// Durable Objects.
    #[serde(default)]
    pub durable_objects: DurableObjects,
}

/// A KV namespace.
#[derive(Debug, Clone, Deserialize)]
pub struct KvNamespace {
    /// Name in the Worker.
    pub binding: String,
    /// Name at Cloudflare.
    pub id: String,
}

/// The list of Durable Object bindings.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct DurableObjects {
    /// One for each class.
    #[serde(default)]
    pub bindings: Vec<DurableObject>,
}

/// A Durable Object binding.
#[derive(Debug, Clone, Deserialize)]
pub struct DurableObject {
    /// Name in the Worker.
    pub name: String,
    /// The class that the Worker exports.
    pub class_name: String,
}

/// One step of the classes' history.
#[derive(Debug, Clone, Deserialize)]
pub struct Migration {
    /// Classes that keep their state in SQLite from here on.
    #[serde(default)]
    pub new_sqlite_classes: Vec<String>,
}

/// For a secret, which lies with Cloudflare: the other rules are checked as if it were there.
const SECRET_STAND_IN: &str = "3f9c1e07b52d48a6c0e4d7192b8f5a63";

impl Wrangler {
    /// Reads the repository's wrangler.toml.
    ///
    /// # Errors
    /// When it is missing or malformed.
    pub fn read() -> Result<Self> {
        Self::read_from(&paths::in_root("wrangler.toml"))
    }

    fn read_from(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is malformed", path.display()))
    }

    /// Whether a class keeps its state in SQLite.
    pub fn uses_sqlite(&self, class: &str) -> bool {
        self.migrations.iter().any(|step| step.new_sqlite_classes.iter().any(|name| name == class))
    }

    /// Checks the variables of an environment with the Worker's own rules. Secrets are not in the file:
    /// only the Worker itself sees them.
    ///
    /// # Errors
    /// An unknown environment, or every fault by variable.
    pub fn check(&self, environment: &str) -> Result<()> {
        let Some(bindings) = self.environments.get(environment) else {
            let known: Vec<&str> = self.environments.keys().map(String::as_str).collect();
            bail!("wrangler.toml has no [env.{environment}]; it has: {}", known.join(", "));
        };
        let mut source: std::collections::HashMap<String, String> =
            bindings.variables().into_iter().collect();
        for secret in EdgeConfig::variables().filter(|variable| variable.secret) {
            source.entry(secret.name.to_owned()).or_insert_with(|| SECRET_STAND_IN.to_owned());
        }
        if let Err(faults) = EdgeConfig::read(&source) {
            let lines: Vec<String> =
                faults.iter().map(|fault| format!("\n  {}: {}", fault.variable, fault.message)).collect();
            bail!("[env.{environment}.vars] in wrangler.toml is faulty:{}", lines.concat());
        }
        Ok(())
    }
}

impl Bindings {
    /// The variables as the settings are read: numbers and booleans by their text.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.vars.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}

/// The values that `more` and `inherited` have for variables the Worker knows; `more` wins.
pub fn overrides(
    more: &[(String, String)],
    inherited: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    EdgeConfig::variables()
        .filter_map(|variable| {
            let given =
                more.iter().rev().find(|(name, _)| name == variable.name).map(|(_, value)| value.clone());
            Some((variable.name.to_owned(), given.or_else(|| inherited(variable.name))?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Wrangler {
        toml::from_str(text).expect("well-formed")
    }

    #[test]
    fn the_repository_s_own_file_is_understood_and_its_environments_are_sound() {
        let wrangler = Wrangler::read().expect("it is committed");
        let caches =
            wrangler.development.kv_namespaces.iter().filter(|space| space.binding == "CACHE").count();
        assert_eq!(caches, 1);
        for name in wrangler.environments.keys() {
            wrangler.check(name).expect("its variables are sound");
        }
    }

    #[test]
    fn every_environment_has_the_bindings_of_development() {
        let wrangler = Wrangler::read().expect("it is committed");
        let names = |bindings: &Bindings| {
            let spaces = bindings.kv_namespaces.iter().map(|space| space.binding.clone());
            let objects = bindings.durable_objects.bindings.iter().map(|object| object.name.clone());
            spaces.chain(objects).collect::<std::collections::BTreeSet<_>>()
        };
        for (name, bindings) in &wrangler.environments {
            assert_eq!(names(bindings), names(&wrangler.development), "[env.{name}]");
        }
    }

    #[test]
    fn all_faults_of_an_environment_are_told_at_once() {
        let wrangler = parse(
            "compatibility_date = \"2026-01-01\"\n[env.staging.vars]\nENVIRONMENT = \"production\"\n\
             ORIGIN_URL = \"nowhere\"\nORIGIN_TIMEOUT_MS = 5\n",
        );
        let text = wrangler.check("staging").expect_err("three faults").to_string();
        for name in ["ORIGIN_URL", "ORIGIN_TIMEOUT_MS", "FRONTEND_URL"] {
            assert!(text.contains(name), "{name} is missing in: {text}");
        }
        assert!(wrangler.check("nowhere").expect_err("unknown").to_string().contains("it has: staging"));
    }

    #[test]
    fn a_class_is_sqlite_when_any_migration_says_so() {
        let wrangler = parse(
            "compatibility_date = \"x\"\n[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Hub\"]\n",
        );
        assert!(wrangler.uses_sqlite("Hub"));
        assert!(!wrangler.uses_sqlite("Other"));
    }
}
