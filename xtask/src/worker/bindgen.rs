//! wasm-bindgen as a library, so that its version is the one in Cargo.lock and nothing is downloaded.

use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

/// Writes `index.js` and `index_bg.wasm` into `out`.
pub(super) fn generate(wasm: &Path, out: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("index")
        .typescript(false)
        .module(true)?
        // entry.mjs replaces an instance that panicked by a fresh one.
        .reset_state_function(true)
        // Marks an instance that trapped, so that no export of it runs again.
        .force_enable_abort_handler(true);
    bindgen.generate(out).context("wasm-bindgen failed")?;

    // The module is imported as a compiled module, which workerd spells without the keyword `source`.
    let glue = out.join("index.js");
    let text = std::fs::read_to_string(&glue)?;
    std::fs::write(&glue, text.replace("import source ", "import "))?;
    Ok(())
}
