//! The whole system on this machine: origin and edge, started together, ended together.
//!
//! ```no_run
//! use xtask::system::{System, SystemOptions};
//! # fn main() -> anyhow::Result<()> {
//! let data = tempfile::tempdir()?;
//! let system = System::start(SystemOptions::new(data.path()))?;
//! println!("{} in front of {}", system.edge_url(0), system.origin_url());
//! # Ok(())
//! # }
//! ```
//! Dropping a [`System`] ends every process it started and everything those started; if our own process dies
//! without dropping it, a watchdog does.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use crate::process;

pub mod health;
pub mod logs;
pub mod ports;

mod edge;
mod faults;
mod options;
mod origin;
mod secrets;
mod service;
mod told;
mod watchdog;

pub use options::{EdgeRuntime, SystemOptions};
pub(crate) use service::Service;

use told::Told;
use watchdog::Watchdog;

/// How long both sides may take until they answer.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A running system.
#[derive(Debug)]
pub struct System {
    options: SystemOptions,
    told: Told,
    edge: Service,
    origin: Option<Service>,
    edge_ports: Vec<u16>,
    origin_port: u16,
    is_detached: bool,
    watchdog: Option<Watchdog>,
}

impl System {
    /// Starts what the options name and waits until all of it answers `/api/health`. Builds nothing: see
    /// [`SystemOptions::build`].
    ///
    /// # Errors
    /// A busy port, a program that is not there or ends at once, or no answer within a minute; the message
    /// holds the end of the log.
    pub fn start(options: SystemOptions) -> Result<Self> {
        Self::launch(options, false)
    }

    /// The same for processes that shall outlive ours (`cargo xtask up`), once [`System::forget`] was called.
    pub(crate) fn start_detached(options: SystemOptions) -> Result<Self> {
        Self::launch(options, true)
    }

    fn launch(options: SystemOptions, is_detached: bool) -> Result<Self> {
        options.clear_logs()?;
        // Relative paths would mean something else to the programs, which start in other folders.
        let mut options = SystemOptions { data: options.data.canonicalize()?, ..options };
        let told = if options.inherit { Told::here()? } else { Told::default() };
        options.add_missing(secrets::of(&options.data)?, &told);
        options.add_missing(options.unless_told.clone(), &told);
        let edge_ports = ports::consecutive(options.edge_port, options.isolates)?;
        let origin_port =
            if options.origin { ports::consecutive(options.origin_port, 1)?[0] } else { options.origin_port };
        if options.origin {
            // What the origin makes for itself beside its database, so that the edge believes the same credentials, and
            // keys too that somebody makes there by hand.
            for (name, which) in [("JWT_PUBLIC_KEYS", "public"), ("API_KEY_SECRET", "secret")] {
                let made = match told.origin(name) {
                    Some(key) => Some(key.clone()),
                    None => origin::key(&options, &told, which)?,
                };
                options.add_missing(made.map(|key| (name.to_owned(), key)).into_iter().collect(), &told);
            }
        }
        let edge_port = edge_ports.first().copied().unwrap_or_default();
        let mut watchdog = Watchdog::start()?;
        let origin = if options.origin {
            Some(origin::spawn(&options, &told, origin_port, edge_port, is_detached)?)
        } else {
            None
        };
        watchdog.guard(origin.iter().map(Service::group));
        let edge = edge::spawn(&options, &told, &edge_ports, origin_port, is_detached)?;
        watchdog.guard([edge.group()]);
        // From here on, dropping `system` ends what was started.
        let mut system = Self {
            options,
            told,
            edge,
            origin,
            edge_ports,
            origin_port,
            is_detached,
            watchdog: Some(watchdog),
        };
        system.wait_for_origin()?;
        for port in system.edge_ports.clone() {
            // Any answer will do: with faulty settings or without an origin the edge answers 5xx, and a test
            // may want to see just that.
            health::wait(port, &mut system.edge, START_LIMIT, |_| true)?;
        }
        Ok(system)
    }

    /// What is wrong with the edge's settings, each with its variable: it answers 503 to everything then.
    pub fn edge_faults(&self) -> Vec<String> {
        self.edge_ports.first().map_or_else(Vec::new, |port| faults::of_edge(*port, &self.edge.log))
    }

    /// The address of an isolate, without a slash at its end.
    pub fn edge_url(&self, isolate: usize) -> String {
        let port = self.edge_ports.get(isolate).copied().unwrap_or_default();
        format!("http://127.0.0.1:{port}")
    }

    /// A variable of both sides that the options or the data folder have set: a secret of this system, for whoever must
    /// prove to know it.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.options.env.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Kills the edge as a crash would: without a word. [`Self::restart_edge`] brings it back.
    pub fn kill_edge(&mut self) {
        self.edge.kill();
    }

    /// Ends the edge as a deployment would, starts it on its old ports and data, and waits until it answers.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_edge(&mut self) -> Result<()> {
        self.edge.stop();
        self.edge =
            edge::spawn(&self.options, &self.told, &self.edge_ports, self.origin_port, self.is_detached)?;
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.guard([self.edge.group()]);
        }
        for port in self.edge_ports.clone() {
            health::wait(port, &mut self.edge, START_LIMIT, |_| true)?;
        }
        Ok(())
    }

    /// The addresses of all isolates.
    pub fn edge_urls(&self) -> Vec<String> {
        (0..self.edge_ports.len()).map(|isolate| self.edge_url(isolate)).collect()
    }

    /// The origin's address, without a slash at its end.
    pub fn origin_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.origin_port)
    }

    /// Where database, KV, objects and logs lie.
    pub fn data(&self) -> &Path {
        &self.options.data
    }

    /// What the edge has printed so far.
    pub fn edge_log(&self) -> String {
        logs::read(&self.edge.log)
    }

    /// What the origin has printed so far, over all its starts.
    pub fn origin_log(&self) -> String {
        logs::read(&self.options.log("origin"))
    }

    /// Process ids of workerd, for CPU accounting. Miniflare runs all isolates in one; `wrangler dev` has a
    /// second one in front of the Worker's.
    pub fn edge_pids(&self) -> Vec<u32> {
        let members = process::members(self.edge.group());
        members.into_iter().filter(|process| process.name == "workerd").map(|process| process.pid).collect()
    }

    /// Process id of the origin while it runs.
    pub fn origin_pid(&self) -> Option<u32> {
        self.origin.as_ref().map(Service::group)
    }

    /// Kills the origin as a crash would: without a word.
    pub fn kill_origin(&mut self) {
        if let Some(mut origin) = self.origin.take() {
            origin.kill();
        }
    }

    /// Ends the origin as an operator would: with SIGTERM, and waits for it.
    pub fn stop_origin(&mut self) {
        self.origin = None;
    }

    /// Freezes the origin: connections open, no answer comes.
    pub fn pause_origin(&self) {
        self.signal_origin(Signal::STOP);
    }

    /// Lets a frozen origin go on.
    pub fn resume_origin(&self) {
        self.signal_origin(Signal::CONT);
    }

    /// Starts the origin on its old port and data, and waits until it answers.
    ///
    /// # Errors
    /// When it runs already or does not start.
    pub fn start_origin(&mut self) -> Result<()> {
        if self.origin.is_some() {
            bail!("the origin runs already");
        }
        if self.origin_port == 0 {
            self.origin_port = ports::consecutive(0, 1)?[0];
        }
        let edge_port = self.edge_ports.first().copied().unwrap_or_default();
        let origin = origin::spawn(&self.options, &self.told, self.origin_port, edge_port, self.is_detached)?;
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.guard([origin.group()]);
        }
        self.origin = Some(origin);
        self.wait_for_origin()
    }

    pub(crate) fn services(&self) -> impl Iterator<Item = &Service> {
        std::iter::once(&self.edge).chain(&self.origin)
    }

    /// The service that has ended by itself, if any.
    pub(crate) fn ended(&mut self) -> Option<&Service> {
        std::iter::once(&mut self.edge)
            .chain(&mut self.origin)
            .find_map(|service| if service.has_ended() { Some(&*service) } else { None })
    }

    /// Leaves the processes running, with nobody who watches over them.
    pub(crate) fn forget(mut self) {
        self.edge.release();
        if let Some(origin) = &mut self.origin {
            origin.release();
        }
    }

    fn signal_origin(&self, signal: Signal) {
        if let Some(origin) = &self.origin {
            process::signal_group(origin.group(), signal);
        }
    }

    fn wait_for_origin(&mut self) -> Result<()> {
        let Some(origin) = &mut self.origin else { return Ok(()) };
        health::wait(self.origin_port, origin, START_LIMIT, |status| status == 200)
            .context("the origin does not start")
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // The edge first, so that it does not log that its origin is gone. Then the watchdog has no work.
        self.edge.stop();
        if let Some(origin) = &mut self.origin {
            origin.stop();
        }
        self.watchdog = None;
    }
}
