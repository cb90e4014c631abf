//! Writes the generated documents into the repository.

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match valora_tests::docs::write(&root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the documents could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
