//! Ends what we started when we die without ending it ourselves (SIGKILL, abort).
//!
//! A shell in a group of its own reads process groups from a pipe that only we can write. The kernel closes
//! the pipe when we are gone, however that came about; then the shell ends the groups.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::process;

const SCRIPT: &str = r#"
while read -r group; do groups="$groups -$group"; done
[ -n "$groups" ] || exit 0
kill -s TERM -- $groups 2>/dev/null; kill -s CONT -- $groups 2>/dev/null
sleep 2
kill -s KILL -- $groups 2>/dev/null
"#;

#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    pub(super) fn start() -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { shell: process::spawn_group(&mut shell).context("cannot start sh")? })
    }

    /// Adds process groups to those that end with us.
    pub(super) fn guard(&mut self, groups: impl IntoIterator<Item = u32>) {
        if let Some(pipe) = &mut self.shell.stdin {
            for group in groups {
                if let Err(error) = writeln!(pipe, "{group}") {
                    eprintln!("nobody watches over process group {group}: {error}");
                }
            }
        }
    }
}

impl Drop for Watchdog {
    /// All groups have ended: the shell must not see the pipe close and signal ids that are somebody else's.
    fn drop(&mut self) {
        if let Err(error) = self.shell.kill().and_then(|()| self.shell.wait().map(drop)) {
            eprintln!("cannot end the watchdog: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_guarded_group_ends_when_the_pipe_closes() {
        let mut sleeper = process::spawn_group(Command::new("sleep").arg("60")).expect("sleep is everywhere");
        let mut watchdog = Watchdog::start().expect("sh is everywhere");
        watchdog.guard([sleeper.id()]);
        // What the kernel does when a process dies.
        drop(watchdog.shell.stdin.take());
        assert!(crate::command::wait_within(&mut sleeper, Duration::from_secs(5)), "it still sleeps");
    }
}
