//! The services' logs: reading them, their ends, and following them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Lines of a log that an error message shows.
const TAIL_LINES: usize = 30;

/// The whole log; empty when there is none.
pub fn read(log: &Path) -> String {
    std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Its last lines, indented.
pub fn tail(log: &Path) -> String {
    let text = read(log);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    let lines: Vec<String> = lines.iter().skip(from).map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// Prints what is added to a log from now on, each line behind `name`, for as long as the process lives.
pub fn follow(name: &'static str, log: PathBuf) {
    let old = std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
    std::thread::spawn(move || {
        // Ends when our own output is closed; nobody reads a reason then.
        drop(copy_lines(name, &log, old));
    });
}

fn copy_lines(name: &str, log: &Path, from: u64) -> std::io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(100);
    while !log.exists() {
        std::thread::sleep(PAUSE);
    }
    let mut reader = BufReader::new(File::open(log)?);
    reader.seek(SeekFrom::Start(from))?;
    let mut line = Vec::new();
    loop {
        reader.read_until(b'\n', &mut line)?;
        if line.ends_with(b"\n") {
            write!(std::io::stdout(), "{name:6} | {}", String::from_utf8_lossy(&line))?;
            line.clear();
        } else {
            // The end for now, perhaps within a line: the rest comes.
            std::thread::sleep(PAUSE);
        }
    }
}
