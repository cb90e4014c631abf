//! wasm-bindgen as a library, so that its version is the one in Cargo.lock and nothing is downloaded.

use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

/// The module as wasm-bindgen has made it.
pub(super) struct Generated(wasm_bindgen_cli_support::Output);

/// Writes `index.js` into `out`; what it lacks is in the answer.
pub(super) fn generate(wasm: &Path, out: &Path) -> Result<Generated> {
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
    let mut output = bindgen.generate_output().context("wasm-bindgen failed")?;
    output.emit(out)?;

    let glue = out.join("index.js");
    let text = std::fs::read_to_string(&glue)?;
    std::fs::write(&glue, adapted(&text))?;
    Ok(Generated(output))
}

/// The module is imported as a compiled module, which workerd spells without the keyword `source`. And of the classes
/// that crates export, whether anybody uses them or not, the bundler may leave out those that nobody does.
fn adapted(glue: &str) -> String {
    let lines = glue.lines().filter(|line| !line.starts_with("if (Symbol.dispose)"));
    let glue = lines.collect::<Vec<_>>().join("\n");
    glue.replace("import source ", "import ")
        .replace("new FinalizationRegistry(", "/* @__PURE__ */ new FinalizationRegistry(")
}

impl Generated {
    /// Writes the module, with those exports alone that `script` calls: the others, and what only they need, would be
    /// dead weight.
    pub(super) fn write(mut self, script: &str, to: &Path) -> Result<()> {
        let module = self.0.wasm_mut();
        let is_called = |name: &str| script.contains(&format!(".{name}"));
        let dead =
            module.exports.iter().filter_map(|export| (!is_called(&export.name)).then_some(export.id()));
        let dead: Vec<_> = dead.collect();
        for id in dead {
            module.exports.delete(id);
        }
        module.emit_wasm_file(to)
    }
}
