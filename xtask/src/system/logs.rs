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
    lines.iter().skip(from).map(|line| format!("  {line}\n")).collect()
}

/// Prints what is added to a log from now on, each line behind `name`, for as long as the process lives.
pub fn follow(name: &'static str, log: PathBuf) {
    std::thread::spawn(move || {
        let Ok(mut file) = File::open(&log) else { return };
        if file.seek(SeekFrom::End(0)).is_err() {
            return;
        }
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            match reader.read_until(b'\n', &mut line) {
                Ok(_) if line.ends_with(b"\n") => {
                    let shown = write!(std::io::stdout(), "{name:6} | {}", String::from_utf8_lossy(&line));
                    line.clear();
                    if shown.is_err() {
                        return;
                    }
                }
                // The end for now, or half a line: the rest comes.
                Ok(_) => std::thread::sleep(Duration::from_millis(100)),
                Err(_) => return,
            }
        }
    });
}
