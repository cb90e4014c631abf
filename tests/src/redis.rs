//! A real Redis that tests start, freeze and kill.

use std::io::{Seek as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::until::until;

/// On a port of its own, which it keeps when it is started again; ends when it is dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    folder: PathBuf,
    child: Option<Child>,
}

impl Redis {
    /// A place for one that does not run yet. `folder` is where it may write.
    ///
    /// # Errors
    /// Without a free port.
    pub fn absent(folder: impl Into<PathBuf>) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self { port, folder: folder.into(), child: None })
    }

    /// A running one.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(folder: impl Into<PathBuf>) -> Result<Self> {
        let mut redis = Self::absent(folder)?;
        redis.run()?;
        Ok(redis)
    }

    /// Starts it (again), empty.
    ///
    /// # Errors
    /// When it does not start.
    pub fn run(&mut self) -> Result<()> {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(&self.folder)
            .stdout(Stdio::null())
            .spawn()
            .context("redis-server is not installed")?;
        self.child = Some(child);
        until("Redis answered", Duration::from_secs(10), || {
            Ok(self.ask("PING").ok().filter(|answer| answer == "PONG"))
        })?;
        Ok(())
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGSTOP: it takes connections and answers none.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it says to a command.
    ///
    /// # Errors
    /// When it says nothing.
    pub fn ask(&self, command: &str) -> Result<String> {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(command.split(' '))
            .stderr(Stdio::null())
            .output()?;
        anyhow::ensure!(output.status.success(), "Redis does not answer");
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The same, with `input` for its client to read: commands, a line each, or with `-x` the last argument of one.
    ///
    /// # Errors
    /// When it says nothing.
    pub fn ask_with(&self, command: &str, input: &str) -> Result<String> {
        let mut file = tempfile::tempfile()?;
        file.write_all(input.as_bytes())?;
        file.rewind()?;
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(command.split_whitespace())
            .stdin(file)
            .output()?;
        anyhow::ensure!(output.status.success(), "Redis does not answer");
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let child = self.child.as_ref().context("Redis does not run")?;
        let pid = Pid::from_raw(i32::try_from(child.id())?).context("no process id")?;
        Ok(kill_process(pid, signal)?)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
