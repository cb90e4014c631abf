//! Counting tests from what `cargo test` prints.

use std::fmt;
use std::ops::AddAssign;

use anyhow::{Result, ensure};

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
}

impl Count {
    /// A step that failed before it could count.
    pub fn one_failed() -> Self {
        Self { passed: 0, failed: 1 }
    }

    /// A tier without a single test is a mistake, not a success.
    ///
    /// # Errors
    /// When nothing was counted.
    pub fn or_none_ran(self) -> Result<Self> {
        ensure!(self != Self::default(), "no test ran");
        Ok(self)
    }

    /// Counts a step as one test.
    pub fn add_result<T>(&mut self, result: &Result<T>) {
        match result {
            Ok(_) => self.passed += 1,
            Err(_) => self.failed += 1,
        }
    }

    /// Adds what a line of `cargo test` says, if it is a result.
    pub fn add_line(&mut self, line: &str) {
        if let Some(count) = parse(line) {
            *self += count;
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
fn parse(line: &str) -> Option<Count> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
        part.trim().parse().ok()
    };
    Some(Count { passed: number("passed")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_add_up() {
        let mut count = Count::default();
        for line in [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test a::b ... FAILED",
            "test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "a test printed: test result: ok. 100 passed; 0 failed",
        ] {
            count.add_line(line);
        }
        assert_eq!(count.to_string(), "15 passed, 2 failed");
    }

    #[test]
    fn a_step_counts_as_one_test() {
        let mut count = Count::one_failed();
        count.add_result(&Ok(()));
        count.add_result::<()>(&Err(anyhow::anyhow!("no")));
        assert_eq!(count, Count { passed: 1, failed: 2 });
    }

    #[test]
    fn a_tier_without_tests_is_no_success() {
        assert!(Count::default().or_none_ran().is_err());
        assert!(Count { passed: 1, failed: 0 }.or_none_ran().is_ok());
    }
}
