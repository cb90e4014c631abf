//! Schemathesis, which asks a running system everything that its `OpenAPI` document allows and much that it does not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::command::{command, run_quietly, run_within};
use crate::stamp::Stamp;
use crate::step::{cached, step};
use crate::{apt, lock, paths};

/// The same cases each time.
const SEED: &str = "20261124";
/// Cases of each kind for each operation: about a minute and a half on two cores.
const MAX_EXAMPLES: &str = "25";
/// No run takes longer on a machine that is not stuck.
const LIMIT: Duration = Duration::from_mins(5);
/// What a failure shows of the report.
const SHOWN: usize = 8_000;

/// Installs it into `.tools/schemathesis/` when tests/schemathesis/requirements.txt has changed since the last time.
///
/// # Errors
/// Without Python or its venv module, or when pip fails.
pub fn ensure() -> Result<()> {
    let _lock = lock::hold("schemathesis")?;
    let requirements = paths::in_root("tests/schemathesis/requirements.txt");
    let stamp = Stamp::new(environment().join("installed")).content(&requirements)?;
    if stamp.is_current() {
        cached("pip install", "schemathesis is as pinned");
        return Ok(());
    }
    step("pip install", "installs schemathesis as pinned", || {
        let venv = || run_quietly(command("python3").args(["-m", "venv", "--clear"]).arg(environment()));
        // Debian has Python without the part that makes environments.
        venv().or_else(|_| apt::ensure(&[apt::PYTHON3_VENV]).and_then(|()| venv()))?;
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        run_quietly(command(environment().join("bin/python")).args(pip).arg(&requirements))
    })?;
    stamp.write()
}

/// Runs all checks against the system at `url` as an admin with this token. The report and whatever else it writes
/// lie in `folder`.
///
/// # Errors
/// The end of its report when it finds something.
pub fn run(url: &str, token: &str, folder: &Path) -> Result<()> {
    let report = folder.join("schemathesis.log");
    let file = std::fs::File::create(&report).with_context(|| format!("cannot make {}", report.display()))?;
    let mut checks = command(environment().join("bin/schemathesis"));
    checks
        .current_dir(folder)
        .arg("--config-file")
        .arg(paths::in_root("tests/schemathesis/schemathesis.toml"))
        .args(["run", &format!("{url}/openapi.json"), "--url", url])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"])
        .args([
            "--seed",
            SEED,
            "--max-examples",
            MAX_EXAMPLES,
            "--generation-database",
            "none",
            "--no-color",
        ]);
    if run_within(output_to(&mut checks, &file)?, LIMIT)? {
        return Ok(());
    }
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    let start = text.len().saturating_sub(SHOWN);
    let end: String = text.char_indices().filter(|(at, _)| *at >= start).map(|(_, letter)| letter).collect();
    bail!("schemathesis found something at {url}:\n{end}")
}

fn output_to<'a>(command: &'a mut Command, file: &std::fs::File) -> Result<&'a mut Command> {
    Ok(command.stdout(Stdio::from(file.try_clone()?)).stderr(Stdio::from(file.try_clone()?)))
}

fn environment() -> PathBuf {
    paths::tools().join("schemathesis")
}
