//! Documents made from the code they describe. `cargo xtask docs` writes them; a test fails where one is behind.

mod configuration;
mod errors;
mod examples;

use std::{io, path::Path};

/// One generated file.
pub struct Document {
    /// Its path in the repository.
    pub path: &'static str,
    /// Its text.
    pub text: String,
}

/// All of them.
pub fn all() -> Vec<Document> {
    vec![
        Document { path: "docs/CONFIGURATION.md", text: configuration::markdown() },
        Document { path: "docs/ERRORS.md", text: errors::markdown() },
        Document { path: ".env.example", text: examples::dotenv() },
        Document { path: ".dev.vars.example", text: examples::dev_vars() },
    ]
}

/// Writes all of them under `root`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(root: &Path) -> io::Result<()> {
    all().into_iter().try_for_each(|document| std::fs::write(root.join(document.path), document.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_documents_are_what_the_code_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for document in all() {
            let committed = std::fs::read_to_string(root.join(document.path)).unwrap_or_default();
            assert!(committed == document.text, "{} is behind: run `cargo xtask docs`", document.path);
        }
    }
}
