//! A running system with clients for its parts, in a folder of its own.

use std::io::Write as _;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use xtask::paths;
use xtask::system::{System, SystemOptions};

use crate::client::Client;

/// A running system and the folder it keeps things in; both are gone when this is dropped.
#[derive(Debug)]
pub struct Running {
    // In this order: the folder is in use until the system has ended.
    system: System,
    _data: TempDir,
}

impl Running {
    /// Starts the usual system with what `options` changes. Builds nothing.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(options: impl FnOnce(SystemOptions) -> SystemOptions) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let own = SystemOptions { inherit: false, ..SystemOptions::new(data.path()) }.unlimited();
        let system = System::start(options(own))?;
        Ok(Self { system, _data: data })
    }

    /// The first isolate.
    ///
    /// # Errors
    /// None while the system runs.
    pub fn edge(&self) -> Result<Client> {
        self.isolate(0)
    }

    /// Any isolate.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn isolate(&self, number: usize) -> Result<Client> {
        Client::new(self.edge_url(number))
    }

    /// The origin, past the edge.
    ///
    /// # Errors
    /// None while the system runs.
    pub fn origin(&self) -> Result<Client> {
        Client::new(self.origin_url())
    }

    /// Makes an admin account, as an operator does beside the running system.
    ///
    /// # Errors
    /// When it fails.
    pub fn create_admin(&self, name: &str, password: &str) -> Result<()> {
        let mut command = Command::new(paths::target().join("debug/valora-origin"))
            .args(["admin", "create", name, &format!("{name}@shop.example")])
            .env("DATABASE_URL", format!("sqlite:///{}", self.data().join("valora.db").display()))
            .current_dir(self.data())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .context("the origin is not built")?;
        let mut input = command.stdin.take().context("no standard input")?;
        writeln!(input, "{password}")?;
        drop(input);
        ensure!(command.wait()?.success(), "no admin was made");
        Ok(())
    }

    /// Makes an API key, as an operator does beside the running system.
    ///
    /// # Errors
    /// When it fails.
    pub fn create_key(&self) -> Result<String> {
        let output = Command::new(paths::target().join("debug/valora-origin"))
            .args(["key", "create"])
            .env("DATABASE_URL", format!("sqlite:///{}", self.data().join("valora.db").display()))
            .current_dir(self.data())
            .output()
            .context("the origin is not built")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Imports the sample of real listings; returns what the command said.
    ///
    /// # Errors
    /// When it fails.
    pub fn import_sample(&self) -> Result<String> {
        self.import(&paths::in_root("tests/data/marketplace-sample.csv"))
    }

    /// Imports a file, as an operator does beside the running system; returns what the command said.
    ///
    /// # Errors
    /// When it fails.
    pub fn import(&self, file: &Path) -> Result<String> {
        let output = Command::new(paths::target().join("debug/valora-origin"))
            .arg("import")
            .arg(file)
            .env("DATABASE_URL", format!("sqlite:///{}", self.data().join("valora.db").display()))
            .current_dir(self.data())
            .output()
            .context("the origin is not built")?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        Ok(told)
    }
}

impl Deref for Running {
    type Target = System;

    fn deref(&self) -> &System {
        &self.system
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut System {
        &mut self.system
    }
}
