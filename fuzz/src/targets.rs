//! What is fuzzed: a parser, the words of its language, and the properties that hold for every input.

mod answer;
mod cache_tag;
mod conditions;
mod control;
mod envelope;
mod json;
mod key;
mod limiter;
mod purge;
mod targeted;
mod vary;

use std::fmt::Debug;

/// One of them.
#[derive(Debug)]
pub struct Target {
    /// Its name on the command line and its folder of seeds.
    pub name: &'static str,
    /// Words worth trying.
    pub dictionary: &'static [&'static str],
    /// Tries an input.
    ///
    /// # Errors
    /// The property that does not hold.
    pub check: fn(&[u8]) -> Result<(), String>,
}

/// All of them.
pub const ALL: [Target; 14] = [
    control::RESPONSE,
    control::REQUEST,
    targeted::TARGET,
    vary::TARGET,
    cache_tag::TARGET,
    conditions::RANGE,
    conditions::IF_NONE_MATCH,
    answer::TARGET,
    envelope::TARGET,
    json::TARGET,
    key::TARGET,
    purge::PATTERN,
    purge::PART,
    limiter::TARGET,
];

/// Header values reach the rules as text.
fn text(input: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(input)
}

fn equal<T: PartialEq + Debug>(what: &str, left: &T, right: &T) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("{what}: {left:?} is not {right:?}")) }
}

fn holds(what: &str, does: bool) -> Result<(), String> {
    if does { Ok(()) } else { Err(what.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use crate::{corpus, engine};

    #[test]
    fn no_seed_breaks_its_target() {
        for target in &ALL {
            let seeds = corpus::seeds(target.name).expect("each target has seeds");
            assert!(seeds.len() >= 4, "{} has too few seeds", target.name);
            for (file, seed) in seeds {
                assert_eq!(engine::broken(target, &seed), None, "{}", file.display());
            }
        }
    }
}
