//! Secrets that are none.

use crate::sorted::sorted;

/// Words that examples, templates and tutorials put where a secret belongs.
const GIVEAWAYS: [&str; 9] =
    ["change", "secret", "example", "password", "development", "insecure", "default", "valora", "test"];

/// A random text of 32 characters has some 15 different ones or more, in whatever alphabet.
const MIN_DISTINCT_BYTES: usize = 8;

/// Whether a secret is one that somebody typed or copied from an example. Long enough it may be, but production
/// refuses it.
pub fn is_guessable(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let has_giveaway = |text: &[u8]| {
        GIVEAWAYS.iter().any(|word| text.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    has_giveaway(bytes) || sorted(bytes.iter().copied()).len() < MIN_DISTINCT_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_guessable_and_random_texts_are_not() {
        for bad in [
            "change-me-change-me-change-me-change-me",
            "My-Secret-Key-0123456789-abcdefgh",
            &"0".repeat(64),
            "abababab",
        ] {
            assert!(is_guessable(bad), "{bad}");
        }
        for good in [
            "8c1f0a7d2b9e4f6035d8a1c7e2b40f93",
            "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
            "mFq2.x7Lk-90wZtR",
        ] {
            assert!(!is_guessable(good), "{good}");
        }
    }
}
