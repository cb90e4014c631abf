//! From a compiled module to the two files that workerd runs, skipped when nothing changed.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{WorkerVariant, bindgen, optimise};
use crate::command::run_quietly;
use crate::stamp::Stamp;
use crate::step::{cached, step};
use crate::{npm, paths};

const ENTRY: &str = "edge/js/entry.mjs";
const BUFFER: &str = "edge/js/buffer.mjs";
const KV: &str = "edge/js/kv.mjs";
/// Stands in for it in the Worker of tests.
const KV_FAULTS: &str = "edge/js/kv_faults.mjs";
/// What it imports. What the wasm imports (`edge/js/*.js`) is part of the compiled module.
const MODULES: [&str; 7] = [
    BUFFER,
    KV,
    KV_FAULTS,
    "edge/js/flight.mjs",
    "edge/js/flight_fetch.mjs",
    "edge/js/instance.mjs",
    "edge/js/limiter.mjs",
];

/// Changes whenever the steps below do, so that an old result is not taken for a new one.
const RECIPE: &str = "7";

/// Runs wasm-bindgen, wasm-opt and esbuild over a compiled module.
pub(super) fn finish(variant: WorkerVariant, wasm: &Path) -> Result<()> {
    let out = variant.folder();
    let mut stamp = Stamp::new(paths::target().join(format!("{}.stamp", variant.name().replace(' ', "-"))))
        .text(RECIPE)
        .content(wasm)?
        .content(paths::in_root(ENTRY))?
        .content(paths::in_root("package-lock.json"))?
        .content(paths::in_root("Cargo.lock"))?;
    for module in MODULES {
        stamp = stamp.content(paths::in_root(module))?;
    }
    if stamp.is_current() && out.join("index.js").is_file() && out.join("index_bg.wasm").is_file() {
        cached(variant.name(), "up to date");
        return Ok(());
    }
    step(variant.name(), "wasm-bindgen, wasm-opt and esbuild make the Worker", || {
        let work = tempfile::tempdir_in(paths::target())?;
        let in_work = |name: &str| work.path().join(name);
        let (glue, script) = (in_work("index.js"), in_work("bundle.js"));
        let (whole, small) = (in_work("whole.wasm"), in_work("small.wasm"));
        let generated = bindgen::generate(wasm, work.path())?;
        bundle(variant, &glue, &script)?;
        generated.write(&std::fs::read_to_string(&script)?, &whole)?;
        optimise::optimise(&whole, &small)?;
        std::fs::create_dir_all(&out)?;
        // The script last: `wrangler dev` watches it and must find the module that belongs to it.
        replace(&small, &out.join("index_bg.wasm"))?;
        replace(&script, &out.join("index.js"))
    })?;
    stamp.write()
}

/// The entry and wasm-bindgen's glue in one file; the .wasm stays an import of its own.
fn bundle(variant: WorkerVariant, glue: &Path, to: &Path) -> Result<()> {
    let kv = if variant == WorkerVariant::Faults { KV_FAULTS } else { KV };
    run_quietly(
        npm::tool("esbuild")
            .arg(ENTRY)
            .arg(format!("--alias:valora-edge={}", glue.display()))
            // What the wasm imports lies elsewhere by now, and cannot name its neighbours by a path.
            .arg(format!("--alias:valora-buffer={}", paths::in_root(BUFFER).display()))
            .arg(format!("--alias:valora-kv={}", paths::in_root(kv).display()))
            .arg(format!("--outfile={}", to.display()))
            .args(["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"])
            .arg("--minify")
            .args(["--external:*.wasm", "--external:cloudflare:*"]),
    )
}

/// Puts a file in place at once, so that nobody reads half of it.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let beside = to.with_extension("new");
    std::fs::copy(from, &beside)?;
    std::fs::rename(&beside, to).with_context(|| format!("cannot write {}", to.display()))
}
