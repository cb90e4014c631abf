//! docs/PERFORMANCE.md: one block for each bench, between markers, so that a bench replaces only its own.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use xtask::paths;

use crate::machine;

const FILE: &str = "docs/PERFORMANCE.md";

/// What a bench found.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The heading.
    pub(crate) title: &'static str,
    /// What was compared and how.
    pub(crate) text: String,
    /// Its measurements.
    pub(crate) tables: Vec<Table>,
    /// What they are held against; none when the bench could not run.
    pub(crate) budgets: Vec<Budget>,
    /// How busy the machine was and what it is; taken before the first measurement.
    pub(crate) machine: String,
}

/// A limit and what was measured.
#[derive(Debug)]
pub(crate) struct Budget {
    what: &'static str,
    limit: String,
    measured: String,
    is_kept: bool,
}

/// Rows under a head.
#[derive(Debug)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Block {
    /// An empty block; the machine is looked at now.
    pub(crate) fn new(title: &'static str, text: impl Into<String>) -> Self {
        Self { title, text: text.into(), machine: machine::facts(), ..Self::default() }
    }

    /// Whether all budgets were kept.
    pub(crate) fn keeps_its_budgets(&self) -> bool {
        self.budgets.iter().all(|budget| budget.is_kept)
    }

    /// The block as it stands in the file.
    pub(crate) fn to_markdown(&self, name: &str) -> Result<String> {
        let mut text = format!(
            "## {}\n\n{}\n\n`cargo xtask bench {name}` on {}.\n",
            self.title, self.text, self.machine
        );
        for table in &self.tables {
            write!(text, "\n{}", table.to_markdown())?;
        }
        if !self.budgets.is_empty() {
            let mut table = Table::new(&["budget", "limit", "measured", ""]);
            for budget in &self.budgets {
                let verdict = if budget.is_kept { "kept" } else { "**missed**" };
                table.push(&[
                    budget.what.into(),
                    budget.limit.clone(),
                    budget.measured.clone(),
                    verdict.into(),
                ]);
            }
            write!(text, "\n{}", table.to_markdown())?;
        }
        Ok(text)
    }
}

impl Budget {
    /// The measured value must be at least the limit.
    pub(crate) fn at_least(
        what: &'static str,
        limit: f64,
        measured: f64,
        show: impl Fn(f64) -> String,
    ) -> Self {
        let is_kept = measured >= limit;
        Self { what, limit: format!("≥ {}", show(limit)), measured: show(measured), is_kept }
    }

    /// The measured value must be at most the limit.
    pub(crate) fn at_most(
        what: &'static str,
        limit: f64,
        measured: f64,
        show: impl Fn(f64) -> String,
    ) -> Self {
        let is_kept = measured <= limit;
        Self { what, limit: format!("≤ {}", show(limit)), measured: show(measured), is_kept }
    }
}

impl Table {
    /// A table with this head.
    pub(crate) fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(|&name| name.to_owned()).collect()])
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: &[String]) {
        self.0.push(row.to_vec());
    }

    fn to_markdown(&self) -> String {
        let line = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut lines: Vec<String> = self.0.iter().map(line).collect();
        let columns = self.0.first().map_or(0, Vec::len);
        lines.insert(1.min(lines.len()), format!("|{}\n", "---|".repeat(columns)));
        lines.concat()
    }
}

/// Puts the block into the file in place of the bench's former one, or behind the others.
pub(crate) fn write(name: &str, block: &Block) -> Result<()> {
    let path = paths::in_root(FILE);
    let file = std::fs::read_to_string(&path).with_context(|| format!("cannot read {FILE}"))?;
    std::fs::write(&path, replaced(&file, name, &block.to_markdown(name)?))
        .with_context(|| format!("cannot write {FILE}"))
}

fn replaced(file: &str, name: &str, block: &str) -> String {
    let (begin, end) = (format!("<!-- bench {name} -->\n"), format!("<!-- end {name} -->\n"));
    let whole = format!("{begin}\n{}\n\n{end}", block.trim_end());
    let (Some((before, _)), Some((_, after))) = (file.split_once(&begin), file.split_once(&end)) else {
        return format!("{}\n\n{whole}", file.trim_end());
    };
    format!("{before}{whole}{after}")
}

/// A count for people: `12,345`.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at_checked(first).unwrap_or(("", &digits));
    let groups = tail.as_bytes().chunks(3).map(String::from_utf8_lossy);
    let parts: Vec<_> = std::iter::once(head.into())
        .filter(|head: &std::borrow::Cow<'_, str>| !head.is_empty())
        .chain(groups)
        .collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_replaces_its_own_block_alone() {
        let file =
            "# Title\n\n<!-- bench a -->\nold\n<!-- end a -->\n\n<!-- bench b -->\nother\n<!-- end b -->\n";
        let new = replaced(file, "a", "new\n");
        assert_eq!(new, file.replace("\nold\n", "\n\nnew\n\n"));
        assert_eq!(replaced(&new, "a", "new"), new);
        assert!(replaced(file, "c", "third").ends_with("<!-- bench c -->\n\nthird\n\n<!-- end c -->\n"));
    }

    #[test]
    fn counts_have_commas() {
        assert_eq!(
            [1.0, 999.4, 1_000.0, 12_345.0, 1_234_567.0].map(thousands),
            ["1", "999", "1,000", "12,345", "1,234,567"]
        );
    }

    #[test]
    fn a_missed_budget_is_seen() {
        let kept = Budget::at_least("a", 0.8, 0.8, |value| value.to_string());
        let missed = Budget::at_most("b", 3.0, 3.1, |value| value.to_string());
        let mut block = Block { budgets: vec![kept], ..Block::default() };
        assert!(block.keeps_its_budgets());
        block.budgets.push(missed);
        assert!(!block.keeps_its_budgets());
        assert!(block.to_markdown("x").unwrap().contains("| b | ≤ 3 | 3.1 | **missed** |"));
    }
}
