//! Running other programs: one way to start them, one way to say that they failed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{paths, process};

/// A command that starts in the repository's root, free of what `cargo run` puts into the environment of
/// its child: package variables that are not the callee's, and a library path for another compiler.
pub fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(paths::root());
    command.env_remove("LD_LIBRARY_PATH").env_remove("RUST_RECURSION_COUNT");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// `cargo`, the one that runs us.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end with our own output.
///
/// # Errors
/// When the program cannot start or ends with another status than 0.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs to the end and returns standard output without surrounding blanks.
///
/// # Errors
/// As [`run`]; the message ends with what the program wrote to standard error.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed ({})\n{}", shown(command), output.status, error.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs quietly; only when it fails is its output shown.
///
/// # Errors
/// As [`run`].
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!("{} failed ({})\n{}", shown(command), output.status, String::from_utf8_lossy(&text).trim_end());
    }
    Ok(())
}

/// Runs for at most `limit`; `false` when it failed or had to be ended.
///
/// # Errors
/// When the program cannot start.
pub fn run_within(command: &mut Command, limit: Duration) -> Result<bool> {
    command.stdin(Stdio::null());
    let mut child =
        process::spawn_group(command).with_context(|| format!("cannot start {}", shown(command)))?;
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() >= end {
            process::end_group(&mut child, Duration::from_secs(2));
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether a program of this name is in the search path.
pub fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The command line as a person would type it.
pub fn shown(command: &Command) -> String {
    let mut text = Path::new(command.get_program())
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Waits for a child for at most `limit`.
pub fn wait_within(child: &mut Child, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_started() {
        let begin = Instant::now();
        let mut hangs = command("sh");
        hangs.args(["-c", "sleep 60 & sleep 60"]);
        assert!(!run_within(&mut hangs, Duration::from_millis(200)).expect("sh is everywhere"));
        assert!(begin.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn an_error_ends_with_what_the_program_said() {
        let error = output(command("sh").args(["-c", "echo why >&2; exit 3"])).expect_err("status 3");
        let text = error.to_string();
        assert!(
            text.starts_with("sh -c") && text.contains("exit status: 3") && text.ends_with("why"),
            "{text}"
        );
    }
}
