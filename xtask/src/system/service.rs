//! One of our processes with its group and its log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use crate::command::shown;
use crate::process;

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running program; dropping it ends its whole group.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) log: PathBuf,
    child: Option<Child>,
    group: u32,
}

impl Service {
    /// Starts a program in a group of its own. `detached` also takes it out of our session, so that it lives
    /// on when the terminal closes.
    pub(crate) fn spawn(
        name: &'static str,
        mut command: Command,
        log: &Path,
        detached: bool,
    ) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone()?;
        let child = if detached {
            leave_session(&command).stdin(Stdio::null()).stdout(output).stderr(errors).spawn()
        } else {
            process::spawn_group(command.stdin(Stdio::piped()).stdout(output).stderr(errors))
        };
        let child = child.with_context(|| format!("cannot start {}", shown(&command)))?;
        Ok(Self { name, log: log.to_owned(), group: child.id(), child: Some(child) })
    }

    /// The process group, which is also the leader's process id.
    pub(crate) fn group(&self) -> u32 {
        self.group
    }

    /// Whether the program has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Ends the group and waits for it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::end_group(&mut child, PATIENCE);
        }
    }

    /// Kills the group at once.
    pub(crate) fn kill(&mut self) {
        process::signal_group(self.group, Signal::KILL);
        self.stop();
    }

    /// Leaves it running when this is dropped.
    pub(crate) fn release(&mut self) {
        self.child = None;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The same command through `setsid`, which replaces itself by it: the process id stays.
fn leave_session(command: &Command) -> Command {
    let mut outer = Command::new("setsid");
    outer.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}
