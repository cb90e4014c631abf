//! The public test suite for HTTP caches, http-tests/cache-tests, run through the edge in `EDGE_MODE=proxy` on the real
//! workerd: how well the cache keeps to RFC 9111, judged by other people.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

mod report;
mod run;
mod score;
mod suite;

pub use score::{Score, Tally};
pub use suite::Suite;

/// The least that the pinned npm package may score: tests that passed, of 160 required and 88 optimal ones.
pub const FLOOR: Tally = Tally { required: 138, optimal: 76 };

/// Installs the pinned npm package into `.tools/cache-tests/` when its lock file has changed since the last time.
///
/// # Errors
/// Without Node, or when npm fails.
pub fn ensure() -> Result<()> {
    suite::ensure()
}

/// Runs the pinned npm package. What it writes lies in `folder`.
///
/// # Errors
/// When a part does not start or the suite does not end.
pub fn default_score(folder: &Path) -> Result<Score> {
    run::run(&Suite::pinned()?, folder)
}

/// `bench cache-tests`: runs the pinned package or the checkout and writes its score into docs/CONFORMANCE.md.
///
/// # Errors
/// As [`default_score`], and when the document cannot be written.
pub fn bench(checkout: Option<PathBuf>) -> Result<()> {
    suite::ensure()?;
    run::options(Path::new("")).build()?;
    let suite = match checkout {
        Some(folder) => Suite::checkout(&folder)
            .with_context(|| format!("{} is no checkout of http-tests/cache-tests", folder.display()))?,
        None => Suite::pinned()?,
    };
    let folder = tempfile::tempdir()?;
    let score = run::run(&suite, folder.path())?;
    println!("{}", score.summary());
    report::write(&suite, &score)
}
