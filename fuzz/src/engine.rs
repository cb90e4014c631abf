//! The loop: take an input, change it, try it, keep it where it reached something new.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::coverage::Seen;
use crate::mutate::mutated;
use crate::random::Random;
use crate::targets::Target;
use crate::watch::Watch;

/// What is too slow for 4 KiB of a header field, however often it is tried.
const SLOW: Duration = Duration::from_millis(50);
/// Inputs kept; beyond, a new one takes the place of an old one.
const MAX_POOL: usize = 2_000;
/// How often the clock is looked at.
const ROUND: u64 = 256;

/// What came of fuzzing one target.
#[derive(Debug)]
pub struct Outcome {
    /// Inputs tried.
    pub tried: u64,
    /// Inputs kept, seeds among them.
    pub kept: usize,
    /// Branches reached; 0 where nothing was counted.
    pub reached: usize,
    /// The input that broke the target, as small as it could be made, and why.
    pub finding: Option<(Vec<u8>, String)>,
}

/// Tries an input: why it breaks the target, if it does.
pub fn broken(target: &Target, input: &[u8]) -> Option<String> {
    let begin = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    let reason = match result {
        Ok(Ok(())) if begin.elapsed() <= SLOW => return None,
        Ok(Ok(())) => {
            // A busy machine is slow now and then; a slow parser is slow each time.
            let is_slow = || {
                let begin = Instant::now();
                let _ = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
                begin.elapsed() > SLOW
            };
            return (0..5).all(|_| is_slow()).then(|| format!("it takes more than {SLOW:?}"));
        }
        Ok(Err(reason)) => reason,
        Err(panic) => match panic.downcast_ref::<String>() {
            Some(text) => format!("panic: {text}"),
            None => format!("panic: {}", panic.downcast_ref::<&str>().unwrap_or(&"?")),
        },
    };
    Some(reason)
}

/// Fuzzes a target for some time, or until an input breaks it. `hanging` is the file for one that never ends.
pub fn fuzz(target: &Target, seeds: Vec<Vec<u8>>, time: Duration, hanging: PathBuf, seed: u64) -> Outcome {
    let end = Instant::now() + time;
    let watch = Watch::start(hanging);
    let mut random = Random::new(seed);
    let mut coverage = Seen::default();
    let mut pool: Vec<Vec<u8>> = Vec::new();
    let mut tried = 0;
    let mut attempt = |coverage: &mut Seen, input: &[u8]| {
        tried += 1;
        watch.begin(input);
        let result = coverage.is_new_in(|| broken(target, input));
        watch.end();
        result
    };
    let mut finding = None;
    for input in seeds.into_iter().chain([Vec::new()]) {
        if let (_, Some(reason)) = attempt(&mut coverage, &input) {
            finding = Some((input, reason));
            break;
        }
        pool.push(input);
    }
    'time: while finding.is_none() && Instant::now() < end {
        for _ in 0..ROUND {
            let input = random.of(&pool).map_or_else(Vec::new, Clone::clone);
            let input = mutated(&mut random, &input, &pool, target.dictionary);
            let (is_new, reason) = attempt(&mut coverage, &input);
            if let Some(reason) = reason {
                finding = Some((input, reason));
                break 'time;
            }
            if is_new {
                keep(&mut pool, &mut random, input);
            }
        }
    }
    let finding = finding.map(|(input, reason)| smallest(target, input, reason));
    Outcome { tried, kept: pool.len(), reached: coverage.reached(), finding }
}

fn keep(pool: &mut Vec<Vec<u8>>, random: &mut Random, input: Vec<u8>) {
    if pool.len() < MAX_POOL {
        pool.push(input);
    } else if let Some(old) = {
        let at = random.below(pool.len());
        pool.get_mut(at)
    } {
        *old = input;
    }
}

/// Takes pieces out of an input for as long as it still breaks the target.
fn smallest(target: &Target, mut input: Vec<u8>, mut reason: String) -> (Vec<u8>, String) {
    let mut piece = input.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < input.len() {
            let mut smaller = input.clone();
            smaller.drain(at..(at + piece).min(input.len()));
            match broken(target, &smaller) {
                Some(why) => (input, reason) = (smaller, why),
                None => at += piece,
            }
        }
        piece /= 2;
    }
    (input, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(check: fn(&[u8]) -> Result<(), String>) -> Outcome {
        let target = Target { name: "test", dictionary: &["needle", "no-store"], check };
        let seeds = vec![b"hay, hay".to_vec(), b"more hay".to_vec()];
        fuzz(&target, seeds, Duration::from_secs(20), std::env::temp_dir().join("valora-hanging"), 1)
    }

    #[test]
    fn a_broken_property_is_found_and_made_small() {
        let outcome = run(|input| {
            let text = String::from_utf8_lossy(input);
            if text.contains("needle") && text.contains("hay") { Err("both".to_owned()) } else { Ok(()) }
        });
        let (input, reason) = outcome.finding.expect("it is found");
        assert_eq!((input.len(), reason.as_str()), (9, "both"));
    }

    #[test]
    fn a_panic_is_a_finding() {
        std::panic::set_hook(Box::new(|_| {}));
        let outcome = run(|input| {
            let text = String::from_utf8_lossy(input).into_owned();
            assert!(!text.contains("4294967296"), "too large");
            Ok(())
        });
        let _ = std::panic::take_hook();
        assert_eq!(outcome.finding.map(|(_, reason)| reason).as_deref(), Some("panic: too large"));
    }

    #[test]
    fn time_ends_a_run_that_finds_nothing() {
        let target = Target { name: "test", dictionary: &[], check: |_| Ok(()) };
        let hanging = std::env::temp_dir().join("valora-hanging");
        let outcome = fuzz(&target, Vec::new(), Duration::from_millis(200), hanging, 1);
        assert!(outcome.finding.is_none() && outcome.tried > 100, "{outcome:?}");
    }
}
