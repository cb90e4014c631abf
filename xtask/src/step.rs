//! Set-up steps as a person sees them: a name, what it does, the minutes it took.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

static TAKEN: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

/// Runs a step that has something to do.
///
/// # Errors
/// What the work returns, with the step's name.
pub fn step<T>(name: &str, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("[{name}] {what} ...");
    let begin = Instant::now();
    let result = work().with_context(|| format!("step \"{name}\" failed"));
    let taken = begin.elapsed();
    eprintln!("[{name}] {} after {}", if result.is_ok() { "done" } else { "FAILED" }, minutes(taken));
    remember(name, taken);
    result
}

/// Says in one line that a step has nothing to do.
pub fn cached(name: &str, what: &str) {
    eprintln!("[{name}] {what}: nothing to do");
}

/// Puts a step into the table that [`table`] prints.
pub fn remember(name: &str, taken: Duration) {
    if let Ok(mut steps) = TAKEN.lock() {
        steps.push((name.to_owned(), taken));
    }
}

/// All steps of this run with their minutes.
pub fn table() -> String {
    let steps = TAKEN.lock().map(|steps| steps.clone()).unwrap_or_default();
    let width = steps.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> =
        steps.iter().map(|(name, taken)| format!("  {name:width$}  {}", minutes(*taken))).collect();
    lines.join("\n")
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 { format!("{seconds:.1} s") } else { format!("{:.1} min", seconds / 60.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_used_from_one_minute_on() {
        assert_eq!(minutes(Duration::from_millis(1_540)), "1.5 s");
        assert_eq!(minutes(Duration::from_secs(90)), "1.5 min");
    }

    #[test]
    fn a_failed_step_names_itself() {
        let result: Result<()> = step("paint", "paints", || anyhow::bail!("no colour"));
        let error = format!("{:#}", result.expect_err("the work fails"));
        assert_eq!(error, "step \"paint\" failed: no colour");
    }
}
