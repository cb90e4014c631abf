//! What the suite said of each test, and counts of it.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// How a test binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// RFC 9111 demands it.
    Required,
    /// A good cache does it.
    Optimal,
    /// It only tells how a cache behaves.
    Check,
}

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Passed; of a check: yes.
    Passed,
    /// Failed; of a check: no.
    Failed,
    /// It depends on one that did not pass.
    Dependency,
    /// The exchange that prepares it went otherwise than it must.
    SetUp,
    /// Not run: it is for browsers.
    Untested,
}

/// A test with its outcome.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The part of the suite.
    pub suite: String,
    /// The test's name.
    pub id: String,
    /// How it binds.
    pub kind: Kind,
    /// What became of it.
    pub outcome: Outcome,
    /// What the suite says of it when it did not pass.
    pub detail: String,
    /// Why it cannot pass, or should not.
    pub excuse: Option<&'static str>,
}

/// All tests of a run.
#[derive(Debug, Clone)]
pub struct Score(Vec<Verdict>);

/// Tests that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Required ones.
    pub required: usize,
    /// Optimal ones.
    pub optimal: usize,
}

/// What workerd refuses before a Worker runs, or does not hand to it: methods it does not know (501); interim answers
/// (1xx) and a Transfer-Encoding without meaning, which its HTTP client takes for a broken connection.
const IMPOSSIBLE: [&str; 3] = ["invalidate-M-SEARCH", "interim-", "headers-store-Transfer-Encoding"];

/// Tests of the npm package of 2021 that its successor has turned round, made a mere check, or asks in another way. What
/// RFC 9111 (2022) says is what the successor says.
const SUPERSEDED: [&str; 16] = [
    // An Age that is no number is ignored, and of several the first counts.
    "age-parse-nonnumeric",
    "age-parse-negative",
    "age-parse-float",
    "age-parse-prefix-twoline",
    "age-parse-dup-0",
    "age-parse-dup-0-twoline",
    "age-parse-dup-old",
    "age-parse-parameter",
    "age-parse-numeric-parameter",
    // Whatever a cache answers when the connection breaks, only the origin's own answer would pass.
    "stale-close-must-revalidate",
    "stale-close-proxy-revalidate",
    "stale-close-no-cache",
    "stale-close-s-maxage=2",
    // Which fields a 304 renews is left to the cache.
    "304-etag-update-response-Content-MD5",
    "304-etag-update-response-Content-Type",
    "304-etag-update-response-ETag",
];

#[derive(Deserialize)]
struct Raw {
    suite: String,
    id: String,
    kind: Kind,
    symbol: String,
    detail: String,
}

impl Score {
    /// From what `cache-tests.mjs judge` printed; of the pinned package, or of a later checkout.
    pub(super) fn read(json: &str, is_pinned: bool) -> Result<Self> {
        let raw: Vec<Raw> = serde_json::from_str(json).context("the suite's verdicts cannot be read")?;
        if raw.is_empty() {
            bail!("the suite has no tests");
        }
        let verdict = |raw: Raw| {
            Ok(Verdict {
                outcome: outcome(&raw.symbol).with_context(|| raw.id.clone())?,
                excuse: excuse(&raw.id, is_pinned),
                suite: raw.suite,
                id: raw.id,
                kind: raw.kind,
                detail: raw.detail,
            })
        };
        raw.into_iter().map(verdict).collect::<Result<_>>().map(Self)
    }

    /// The tests, in the suite's order.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.0
    }

    /// How many passed.
    pub fn passed(&self) -> Tally {
        let count = |kind| self.count(|verdict| verdict.kind == kind && verdict.outcome == Outcome::Passed);
        Tally { required: count(Kind::Required), optimal: count(Kind::Optimal) }
    }

    /// How many tests there are of a kind, those for browsers among them.
    pub fn of_kind(&self, kind: Kind) -> usize {
        self.count(|verdict| verdict.kind == kind)
    }

    /// Required tests that failed without an excuse.
    pub fn failed(&self) -> Vec<&Verdict> {
        let is_failed = |verdict: &&Verdict| {
            verdict.kind == Kind::Required && verdict.outcome == Outcome::Failed && verdict.excuse.is_none()
        };
        self.0.iter().filter(is_failed).collect()
    }

    /// Says in a line how it went.
    pub fn summary(&self) -> String {
        let Tally { required, optimal } = self.passed();
        format!(
            "{required} of {} required and {optimal} of {} optimal tests passed; {} required ones failed \
             without an excuse",
            self.of_kind(Kind::Required),
            self.of_kind(Kind::Optimal),
            self.failed().len()
        )
    }

    fn count(&self, is_meant: impl Fn(&Verdict) -> bool) -> usize {
        self.0.iter().filter(|verdict| is_meant(verdict)).count()
    }
}

fn excuse(id: &str, is_pinned: bool) -> Option<&'static str> {
    if IMPOSSIBLE.iter().any(|start| id.starts_with(start)) {
        Some("impossible on workerd")
    } else {
        (is_pinned && SUPERSEDED.contains(&id)).then_some("superseded")
    }
}

/// The suite's own marks.
fn outcome(symbol: &str) -> Result<Outcome> {
    Ok(match symbol {
        "✅" | "Y" => Outcome::Passed,
        "⛔️" | "⚠️" | "N" => Outcome::Failed,
        "⚪️" => Outcome::Dependency,
        // A set-up that failed, a harness that failed, a request that was sent twice.
        "🔹" | "⁉️" | "↻" => Outcome::SetUp,
        "-" => Outcome::Untested,
        other => bail!("unknown mark {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score() -> Score {
        let test = |id: &str, kind: &str, symbol: &str| {
            format!(r#"{{"suite":"s","id":"{id}","kind":"{kind}","symbol":"{symbol}","detail":""}}"#)
        };
        let tests = [
            test("a", "required", "✅"),
            test("b", "required", "⛔️"),
            test("interim-102", "required", "⛔️"),
            test("c", "required", "⚪️"),
            test("d", "optimal", "⚠️"),
            test("e", "optimal", "✅"),
            test("f", "check", "Y"),
            test("g", "optimal", "-"),
        ];
        Score::read(&format!("[{}]", tests.join(",")), false).unwrap()
    }

    #[test]
    fn what_passed_and_what_failed_is_counted_by_kind() {
        let score = score();
        assert_eq!(score.passed(), Tally { required: 1, optimal: 1 });
        assert_eq!((score.of_kind(Kind::Required), score.of_kind(Kind::Optimal)), (4, 3));
        let failed: Vec<_> = score.failed().iter().map(|verdict| verdict.id.as_str()).collect();
        assert_eq!(failed, ["b"], "what no Worker can pass and what depends on another did not fail");
    }

    #[test]
    fn what_was_turned_round_later_is_excused_in_the_old_package_alone() {
        let test = r#"[{"suite":"s","id":"age-parse-float","kind":"required","symbol":"⛔️","detail":""}]"#;
        let failed = |is_pinned| Score::read(test, is_pinned).unwrap().failed().len();
        assert_eq!((failed(true), failed(false)), (0, 1));
    }

    #[test]
    fn a_mark_that_is_not_known_is_told() {
        let unknown = r#"[{"suite":"s","id":"a","kind":"check","symbol":"?","detail":""}]"#;
        assert!(Score::read(unknown, true).is_err());
        assert!(Score::read("[]", true).is_err(), "no test at all is no success");
    }
}
