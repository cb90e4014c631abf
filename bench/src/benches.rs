//! The benches, a file each.

pub(crate) mod edge_hit;
pub(crate) mod edge_hono;
pub(crate) mod edge_kv;
pub(crate) mod edge_limiter;
pub(crate) mod import;
pub(crate) mod limiter_origin;
pub(crate) mod limiter_step;
pub(crate) mod memory;
pub(crate) mod origin_products;
pub(crate) mod recompute;
pub(crate) mod size;
mod workers;

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use xtask::command::{command, output};
use xtask::paths;

/// 20,000 real listings with the prices of two marketplaces. Not in the repository: it is large.
pub(crate) fn listings() -> Option<PathBuf> {
    let path = paths::in_root("../shared/data/marketplace-20k.csv.gz");
    path.is_file().then_some(path)
}

/// Runs the origin built for speed with this database; what it printed.
pub(crate) fn origin(database: &Path, arguments: &[&Path]) -> Result<String> {
    origin_with(database, arguments, &[])
}

/// The same with settings.
pub(crate) fn origin_with(database: &Path, arguments: &[&Path], settings: &[(&str, &str)]) -> Result<String> {
    let folder = database.parent().context("the database lies in a folder")?;
    let mut origin = command(paths::target().join("release/valora-origin"));
    origin
        .env("DATABASE_URL", format!("sqlite:///{}", database.display()))
        .envs(settings.iter().copied())
        .current_dir(folder);
    output(origin.args(arguments))
}
