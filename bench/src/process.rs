//! What the kernel knows of a process, and processes of our own that end with us.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use xtask::process;

/// A program in a group of its own; dropping it ends the group.
#[derive(Debug)]
pub(crate) struct Guarded(Child);

impl Guarded {
    /// Starts it. Its standard input closes when we die, by which both our programs end.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped());
        let child = process::spawn_group(command).with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self(child))
    }

    /// The processes of its group with this name.
    pub(crate) fn named(&self, name: &str) -> Vec<u32> {
        let members = process::members(self.0.id());
        members.into_iter().filter(|member| member.name == name).map(|member| member.pid).collect()
    }

    /// Its own process id.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        process::end_group(&mut self.0, Duration::from_secs(5));
    }
}

/// Nanoseconds that all threads of these processes have run so far.
pub(crate) fn cpu_nanoseconds(pids: &[u32]) -> Result<u64> {
    let mut sum = 0;
    for pid in pids {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).context("the process has ended")?;
        for task in tasks {
            // A thread may end while we look.
            let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
            let run = text.split(' ').next().and_then(|field| field.parse::<u64>().ok());
            sum += run.context("schedstat has another form than expected")?;
        }
    }
    Ok(sum)
}

/// Resident memory now and at its highest, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Result<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the process has ended")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    };
    field("VmRSS:").zip(field("VmHWM:")).context("no memory in /proc/PID/status")
}
