//! Process groups: what we start, we end, and everything it started with it (wrangler starts workerd).

use std::collections::HashMap;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::command::wait_within;

/// Starts the command as the leader of a process group of its own.
///
/// # Errors
/// When the program cannot start.
pub fn spawn_group(command: &mut Command) -> std::io::Result<Child> {
    command.process_group(0).spawn()
}

/// Ends a child's whole group: politely, then by force after `patience`.
pub fn end_group(child: &mut Child, patience: Duration) {
    let group = child.id();
    signal_group(group, Signal::TERM);
    // A stopped process acts on no signal but KILL until it goes on.
    signal_group(group, Signal::CONT);
    wait_within(child, patience);
    let end = Instant::now() + patience;
    while !members(group).is_empty() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
        wait_within(child, Duration::ZERO);
    }
    signal_group(group, Signal::KILL);
    if let Err(error) = child.wait() {
        eprintln!("cannot wait for process {group}: {error}");
    }
}

/// Sends a signal to every process of a group; a group that is gone is fine.
pub fn signal_group(group: u32, signal: Signal) {
    let pid = i32::try_from(group).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // The only other outcome is "no such process", and that is what the caller wants.
        let _gone = kill_process_group(pid, signal);
    }
}

/// One line of the process table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Process id.
    pub pid: u32,
    /// Program name, as the kernel keeps it (15 bytes).
    pub name: String,
    /// State letter; `Z` is dead and waits for its parent.
    pub state: char,
    /// Parent's process id.
    pub parent: u32,
    /// Process group.
    pub group: u32,
    /// Start time in clock ticks since boot: with the pid, it names one process for good.
    pub started: u64,
}

/// Reads `/proc/PID/stat`.
pub fn info(pid: u32) -> Option<ProcessInfo> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name stands in brackets and may hold blanks and brackets itself, so fields count from the last one.
fn parse_stat(stat: &str) -> Option<ProcessInfo> {
    let (head, tail) = stat.rsplit_once(')')?;
    let (pid, name) = head.split_once(" (")?;
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    Some(ProcessInfo {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// All processes, by id.
pub fn table() -> HashMap<u32, ProcessInfo> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return HashMap::new() };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, info(pid)?)))
        .collect()
}

/// The living members of a process group.
pub fn members(group: u32) -> Vec<ProcessInfo> {
    table().into_values().filter(|process| process.group == group && process.state != 'Z').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let stat = "12 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 20";
        let process = parse_stat(stat).expect("a well-formed line");
        assert_eq!(process.name, "a (b) c");
        assert_eq!((process.pid, process.parent, process.group), (12, 1, 7));
        assert_eq!(process.started, 98765);
    }

    #[test]
    fn our_own_process_is_in_the_table() {
        let pid = std::process::id();
        assert_eq!(table().get(&pid).map(|process| process.pid), Some(pid));
    }

    #[test]
    fn ending_a_group_ends_what_the_child_started() {
        let mut child =
            spawn_group(Command::new("sh").args(["-c", "sleep 60 & sleep 60"])).expect("sh is everywhere");
        let group = child.id();
        std::thread::sleep(Duration::from_millis(100));
        end_group(&mut child, Duration::from_secs(2));
        assert_eq!(members(group), []);
    }
}
