//! Money never passes through a float: not on its way in, not in between, not on its way out.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    /// What a float can hide behind.
    const FLOATS: [&str; 5] = ["f64", "f32", "as_f64", "from_f64", "serialize_f64"];
    /// The use of the machine's processors, in percent; the reader of JSON, which refuses what serde would make a float of.
    const NO_MONEY: [&str; 2] = ["origin/src/http/health/machine.rs", "shared/src/json/reader.rs"];

    /// Every file of the two crates that money passes through, without its tests.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn no_float_stands_in_the_code_that_money_passes_through() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for folder in ["shared/src", "origin/src"] {
            sources(&root.join(folder), &mut files);
        }
        assert!(files.len() > 100, "{} files", files.len());
        let mut floats = Vec::new();
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            for (number, line) in (1..).zip(code.lines()) {
                let words = line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                if words.into_iter().any(|word| FLOATS.contains(&word))
                    && !NO_MONEY.iter().any(|known| file.ends_with(known))
                {
                    floats.push(format!("{}:{number}: {line}", file.display()));
                }
            }
        }
        assert!(floats.is_empty(), "a float could lose a paisa:\n{}", floats.join("\n"));
    }
}
