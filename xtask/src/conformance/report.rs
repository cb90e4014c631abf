//! docs/CONFORMANCE.md: one block for each suite, between marks, so that a run replaces only its own.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::score::{Kind, Outcome, Verdict};
use super::{Score, Suite};
use crate::paths;

const FILE: &str = "docs/CONFORMANCE.md";

pub(super) fn write(suite: &Suite, score: &Score) -> Result<()> {
    let path = paths::in_root(FILE);
    let file = std::fs::read_to_string(&path).with_context(|| format!("cannot read {FILE}"))?;
    let block = block(suite, score)?;
    std::fs::write(&path, replaced(&file, suite.name, &block)?)
        .with_context(|| format!("cannot write {FILE}"))
}

fn block(suite: &Suite, score: &Score) -> Result<String> {
    let mut text = format!("`{}`, {}: {}.\n\n", suite.command, suite.version, score.summary());
    text.push_str("| part | required | optimal | checks: yes |\n|---|---|---|---|\n");
    let mut parts: Vec<&str> = score.verdicts().iter().map(|verdict| verdict.suite.as_str()).collect();
    parts.dedup();
    for part in parts {
        let of_part: Vec<_> = score.verdicts().iter().filter(|verdict| verdict.suite == part).collect();
        writeln!(text, "| {part} | {} |", cells(&of_part))?;
    }
    let all: Vec<_> = score.verdicts().iter().collect();
    writeln!(text, "| **all** | {} |", cells(&all))?;
    list(&mut text, score, Kind::Required)?;
    list(&mut text, score, Kind::Optimal)?;
    Ok(text)
}

/// Passed of all, for each kind.
fn cells(verdicts: &[&Verdict]) -> String {
    let cell = |kind| {
        let of_kind = verdicts.iter().filter(|verdict| verdict.kind == kind);
        let outcomes: Vec<_> = of_kind.map(|verdict| verdict.outcome).collect();
        let passed = outcomes.iter().filter(|outcome| **outcome == Outcome::Passed).count();
        match outcomes.len() {
            0 => String::new(),
            all => format!("{passed} of {all}"),
        }
    };
    [Kind::Required, Kind::Optimal, Kind::Check].map(cell).join(" | ")
}

fn list(text: &mut String, score: &Score, kind: Kind) -> Result<()> {
    let missing: Vec<&Verdict> = score
        .verdicts()
        .iter()
        .filter(|verdict| verdict.kind == kind && verdict.outcome != Outcome::Passed)
        .collect();
    let name = if kind == Kind::Required { "required" } else { "optimal" };
    if missing.is_empty() {
        writeln!(text, "\nEvery {name} test passed.")?;
        return Ok(());
    }
    writeln!(text, "\n| {name}, not passed | | what the suite says |\n|---|---|---|")?;
    for verdict in missing {
        writeln!(text, "| `{}` | {} | {} |", verdict.id, class(verdict), verdict.detail.replace('|', "\\|"))?;
    }
    Ok(())
}

fn class(verdict: &Verdict) -> &'static str {
    match verdict.outcome {
        Outcome::Untested => "for browsers, not run",
        Outcome::Dependency => "depends on one that did not pass",
        Outcome::SetUp | Outcome::Failed if verdict.excuse.is_some() => verdict.excuse.unwrap_or_default(),
        Outcome::SetUp => "its preparation failed",
        Outcome::Failed | Outcome::Passed => "failed",
    }
}

fn replaced(file: &str, name: &str, block: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- suite {name} -->\n"), format!("<!-- end {name} -->"));
    let marks = || format!("{FILE} has no block for {name}");
    let (before, rest) = file.split_once(&begin).with_context(marks)?;
    let (_, after) = rest.split_once(&end).with_context(marks)?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", block.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_replaces_its_own_block_alone() {
        let file = "# T\n<!-- suite a -->\nold\n<!-- end a -->\n<!-- suite b -->\nother\n<!-- end b -->\n";
        let new = replaced(file, "a", "new\n").unwrap();
        assert_eq!(new, file.replace("\nold\n", "\n\nnew\n\n"));
        assert_eq!(replaced(&new, "a", "new").unwrap(), new);
        assert!(replaced(file, "c", "new").is_err());
    }

    #[test]
    fn the_document_has_a_block_for_each_suite() {
        let file = std::fs::read_to_string(paths::in_root(FILE)).expect("it is committed");
        for name in ["npm", "checkout"] {
            assert!(replaced(&file, name, "x").is_ok(), "{name}");
        }
    }
}
