//! What a system is made of.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Told, edge, origin, ports};
use crate::worker::{self, WorkerVariant};

/// What runs the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EdgeRuntime {
    /// Miniflare with a socket of workerd's own for each isolate: fast, and several isolates.
    #[default]
    Miniflare,
    /// The real `wrangler dev`, as a person starts it; one isolate.
    WranglerDev,
}

/// What to start, where, with what.
#[derive(Debug, Clone)]
pub struct SystemOptions {
    /// Database, KV, objects and logs.
    pub data: PathBuf,
    /// Port of the first isolate; 0 picks a free one.
    pub edge_port: u16,
    /// Port of the origin; 0 picks a free one.
    pub origin_port: u16,
    /// How many isolates share one set of objects, on consecutive ports.
    pub isolates: u16,
    /// The origin built with `--release`.
    pub release: bool,
    /// Which build of the Worker.
    pub worker: WorkerVariant,
    /// What runs it.
    pub edge: EdgeRuntime,
    /// Whether the origin is started. Without it, `origin_port` or `ORIGIN_URL` says where one is.
    pub origin: bool,
    /// Whether variables of our own environment and the files `.env` and `.dev.vars` of the repository reach the system:
    /// what people start takes them, a test or bench must not depend on them.
    pub inherit: bool,
    /// Variables for both sides; they win over the environment and over wrangler.toml.
    pub env: Vec<(String, String)>,
    /// Variables for both sides where nothing else says them: neither these options nor, where they are inherited, the
    /// environment and the repository's files.
    pub unless_told: Vec<(String, String)>,
}

impl SystemOptions {
    /// The usual system with its state in `data`, on free ports.
    pub fn new(data: impl AsRef<Path>) -> Self {
        Self {
            data: data.as_ref().to_owned(),
            edge_port: 0,
            origin_port: 0,
            isolates: 1,
            release: false,
            worker: WorkerVariant::Plain,
            edge: EdgeRuntime::Miniflare,
            origin: true,
            inherit: true,
            env: Vec::new(),
            unless_told: Vec::new(),
        }
    }

    /// Adds a variable for both sides.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With limits of the rate that nothing reaches: for tests and benches that are about something else.
    #[must_use]
    pub fn unlimited(mut self) -> Self {
        for limit in ["PER_MINUTE", "PER_HOUR", "PER_DAY", "WEBSOCKETS_PER_MINUTE"] {
            self = self.with_env(&format!("RATE_LIMIT_{limit}"), "16777215");
        }
        self.with_env("RATE_LIMIT_TIERS", "admin=16777215")
    }

    /// What is fit for a developer, to whom every browser and script of his is one client. Nothing for a side that has
    /// been told one of them: the others might contradict it.
    pub(super) fn local_limits(&self, is_told: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let limits = [
            ("RATE_LIMIT_PER_MINUTE", "600"),
            ("RATE_LIMIT_PER_HOUR", "10000"),
            ("RATE_LIMIT_PER_DAY", "100000"),
        ];
        if limits.iter().any(|(name, _)| self.has(name) || is_told(name)) {
            return Vec::new();
        }
        limits.map(|(name, limit)| (name.to_owned(), limit.to_owned())).into()
    }

    /// Says at once which port is busy, before minutes of building.
    ///
    /// # Errors
    /// Names the port.
    pub fn check_ports(&self) -> Result<()> {
        ports::consecutive(self.edge_port, self.isolates)?;
        if self.origin {
            ports::consecutive(self.origin_port, 1)?;
        }
        Ok(())
    }

    /// Adds those of `variables` that neither the options nor the environment have. What one side has been told by its
    /// file, the other is told too: it is for both that these must be the same.
    pub(super) fn add_missing(&mut self, variables: Vec<(String, String)>, told: &Told) {
        for (name, value) in variables {
            if !self.has(&name) && told.in_environment(&name).is_none() {
                let value = told.origin(&name).or_else(|| told.edge(&name)).cloned().unwrap_or(value);
                self.env.push((name, value));
            }
        }
    }

    /// Whether the options themselves have a variable.
    pub(super) fn has(&self, name: &str) -> bool {
        self.env.iter().any(|(known, _)| known == name)
    }

    /// Builds what [`super::System::start`] needs, with all set-up; does nothing when all is up to date.
    ///
    /// # Errors
    /// When a step fails.
    pub fn build(&self) -> Result<()> {
        worker::build(self.worker)?;
        if self.origin {
            origin::build(self.release)?;
        }
        Ok(())
    }

    /// The log of a service (`edge`, `origin`).
    pub(crate) fn log(&self, service: &str) -> PathBuf {
        self.logs().join(format!("{service}.log"))
    }

    /// Makes the folder of the logs, without those of an earlier run: what is found there is of this one.
    pub(crate) fn clear_logs(&self) -> Result<()> {
        std::fs::create_dir_all(self.logs())?;
        for service in ["edge", "origin"] {
            match std::fs::remove_file(self.log(service)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Where the edge keeps its state.
    pub(super) fn edge_state(&self) -> PathBuf {
        self.data.join(match self.edge {
            EdgeRuntime::Miniflare => edge::MINIFLARE_STATE,
            EdgeRuntime::WranglerDev => edge::WRANGLER_STATE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_limits_yield_to_any_that_was_told() {
        let options = SystemOptions::new("/nowhere");
        assert_eq!(options.local_limits(|_| false).len(), 3);
        assert_eq!(options.local_limits(|name| name == "RATE_LIMIT_PER_HOUR"), []);
        assert_eq!(options.with_env("RATE_LIMIT_PER_MINUTE", "5").local_limits(|_| false), []);
    }
}
