//! What `up` started, written down for `down`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::process;
use crate::system::System;

/// How long a group may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// A run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    edge: Vec<String>,
    origin: String,
    data: PathBuf,
    processes: Vec<Process>,
}

/// A process group; its leader's start time tells it from a later one with the same number.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Process {
    name: String,
    group: u32,
    started: u64,
}

impl Record {
    pub(super) fn of(system: &System) -> Self {
        let processes = system
            .services()
            .map(|service| Process {
                name: service.name.to_owned(),
                group: service.group(),
                started: process::info(service.group()).map_or(0, |info| info.started),
            })
            .collect();
        Self {
            edge: system.edge_urls(),
            origin: system.origin_url(),
            data: system.data().to_owned(),
            processes,
        }
    }

    /// The record, if anything in it still lives. One of which nothing does is removed.
    pub(super) fn read_living(file: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        // Half a record, from a machine that lost power, is worth as little as a stale one.
        if let Ok(record) = serde_json::from_str::<Self>(&text)
            && record.processes.iter().any(Process::lives)
        {
            return Ok(Some(record));
        }
        std::fs::remove_file(file)?;
        Ok(None)
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// Ends everything that still lives.
    pub(super) fn end(&self) {
        for process in self.processes.iter().filter(|process| process.lives()) {
            process.end();
        }
    }
}

impl Process {
    /// The leader itself, or, when it has died, what it left behind: while a group has members, the kernel
    /// gives its number to no new process.
    fn lives(&self) -> bool {
        match process::info(self.group) {
            Some(leader) if leader.state != 'Z' => leader.started == self.started,
            _ => !process::members(self.group).is_empty(),
        }
    }

    fn end(&self) {
        process::signal_group(self.group, Signal::TERM);
        process::signal_group(self.group, Signal::CONT);
        let steps = PATIENCE.as_millis() / 50;
        for _ in 0..steps {
            if process::members(self.group).is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        process::signal_group(self.group, Signal::KILL);
    }
}

impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "edge    {}", self.edge.join(" "))?;
        writeln!(out, "origin  {}", self.origin)?;
        write!(out, "data    {} (logs in logs/)", self.data.display())?;
        for process in self.processes.iter().filter(|process| !process.lives()) {
            write!(out, "\nbut the {} has ended by itself: see its log", process.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn record(group: u32, started: u64) -> Record {
        let processes = vec![Process { name: "edge".to_owned(), group, started }];
        Record { edge: vec!["e".to_owned()], origin: "o".to_owned(), data: "d".into(), processes }
    }

    fn written(record: &Record) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("run/up.json");
        record.write(&file).expect("writable");
        (folder, file)
    }

    #[test]
    fn a_record_of_a_living_process_is_kept() {
        let pid = std::process::id();
        let started = process::info(pid).expect("we live").started;
        let (_folder, file) = written(&record(pid, started));
        assert!(Record::read_living(&file).expect("readable").is_some());
        assert!(file.is_file());
    }

    #[test]
    fn a_number_that_another_process_has_now_is_stale() {
        let pid = std::process::id();
        let started = process::info(pid).expect("we live").started;
        let (_folder, file) = written(&record(pid, started + 1));
        assert!(Record::read_living(&file).expect("readable").is_none());
        assert!(!file.exists(), "a stale record is removed");
    }

    #[test]
    fn a_dead_process_is_stale_and_half_a_record_too() {
        let mut child = process::spawn_group(&mut Command::new("true")).expect("true is everywhere");
        let group = child.id();
        child.wait().expect("it ends");
        let (_folder, file) = written(&record(group, 1));
        assert!(Record::read_living(&file).expect("readable").is_none());
        std::fs::write(&file, "{\"edge\":").expect("writable");
        assert!(Record::read_living(&file).expect("readable").is_none());
    }

    #[test]
    fn what_a_dead_leader_left_behind_is_found_and_ended() {
        let mut child =
            process::spawn_group(Command::new("sh").args(["-c", "sleep 60 & exit 0"])).expect("sh");
        let group = child.id();
        child.wait().expect("it ends");
        let record = record(group, 1);
        let (_folder, file) = written(&record);
        assert!(Record::read_living(&file).expect("readable").is_some());
        record.end();
        assert!(Record::read_living(&file).expect("readable").is_none());
    }
}
