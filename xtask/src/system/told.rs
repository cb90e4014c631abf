//! What a developer has told each side already: what we would add for his comfort must not win over it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::command::{command, output};
use crate::paths;

/// Where both sides look for variables. Empty ones are left out, because both sides take them for not set.
#[derive(Default)]
pub(super) struct Told {
    environment: HashMap<String, String>,
    /// `.env`, the origin's.
    dotenv: HashMap<String, String>,
    /// `.dev.vars`, the edge's.
    dev_vars: HashMap<String, String>,
}

impl Told {
    /// In our own environment, and in the repository's files.
    pub(super) fn here() -> Result<Self> {
        Self::read(std::env::vars_os(), paths::root())
    }

    fn read(environment: impl Iterator<Item = (OsString, OsString)>, root: &Path) -> Result<Self> {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        let mut told = Self {
            environment: environment.map(|(name, value)| (text(name), text(value))).collect(),
            ..Self::default()
        };
        let files = [root.join(".env"), root.join(".dev.vars")];
        if files.iter().any(|file| file.exists()) {
            let said = output(command("node").arg(paths::in_root("xtask/js/dotenv.mjs")).args(&files))?;
            (told.dotenv, told.dev_vars) =
                serde_json::from_str(&said).context("cannot read .env and .dev.vars")?;
        }
        for variables in [&mut told.environment, &mut told.dotenv, &mut told.dev_vars] {
            variables.retain(|_, value| !value.trim().is_empty());
        }
        Ok(told)
    }

    /// To both sides.
    pub(super) fn in_environment(&self, name: &str) -> Option<&String> {
        self.environment.get(name)
    }

    /// To the origin.
    pub(super) fn origin(&self, name: &str) -> Option<&String> {
        self.environment.get(name).or_else(|| self.dotenv.get(name))
    }

    /// To the edge.
    pub(super) fn edge(&self, name: &str) -> Option<&String> {
        self.environment.get(name).or_else(|| self.dev_vars.get(name))
    }

    /// To the edge, by its file.
    pub(super) fn dev_vars(&self) -> &HashMap<String, String> {
        &self.dev_vars
    }
}

impl fmt::Debug for Told {
    /// Secrets are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemOptions;

    fn told(environment: &[(&str, &str)], dotenv: &str, dev_vars: &str) -> Told {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(".env"), dotenv).unwrap();
        std::fs::write(root.path().join(".dev.vars"), dev_vars).unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Told::read(environment, root.path()).unwrap()
    }

    #[test]
    fn each_side_has_its_file_below_the_environment() {
        let told =
            told(&[("A", "env"), ("B", "")], "A=file\nB='o o'\nD=\n", "# the edge's\nB=e\nC={\"keys\":[]}\n");
        let said = |found: Option<&String>| found.map_or("", String::as_str).to_owned();
        assert_eq!(["A", "B", "C", "D"].map(|name| said(told.origin(name))), ["env", "o o", "", ""]);
        assert_eq!(["A", "B", "C", "D"].map(|name| said(told.edge(name))), ["env", "e", "{\"keys\":[]}", ""]);
        assert_eq!(said(told.in_environment("B")), "", "an empty variable is not set");
    }

    #[test]
    fn what_one_side_is_told_by_its_file_the_other_is_told_too() {
        let told = told(&[("EDGE_ORIGIN_SECRET", "env")], "", "ADMIN_TOKEN=file\n");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let made = ["EDGE_ORIGIN_SECRET", "ADMIN_TOKEN", "CLIENT_HASH_SECRET"].map(|name| pair(name, "made"));
        let mut options = SystemOptions::new("/nowhere");
        options.add_missing(made.into(), &told);
        // Both inherit the first.
        assert_eq!(options.env, [pair("ADMIN_TOKEN", "file"), pair("CLIENT_HASH_SECRET", "made")]);
    }

    #[test]
    fn without_files_there_is_the_environment() {
        let root = tempfile::tempdir().unwrap();
        let told = Told::read([("A".into(), "1".into())].into_iter(), root.path()).unwrap();
        assert_eq!(told.edge("A").map(String::as_str), Some("1"));
        assert!(told.dev_vars().is_empty());
    }
}
