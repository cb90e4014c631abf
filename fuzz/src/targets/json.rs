//! JSON, as it comes in deliveries, tokens and settings.

use serde_json::Value;
use valora_shared::json::Json;

use super::{Target, equal, holds, text};

pub(super) const TARGET: Target = Target {
    name: "json",
    dictionary: &[
        "{\"",
        "\":",
        "[",
        "]",
        "}",
        ",",
        "\\u",
        "\\ud83d\\ude00",
        "1e5",
        "-0.5",
        "null",
        "true",
        "\u{1}",
    ],
    check,
};

/// What serde reads is read, and nothing else; a number that no float holds is one nevertheless.
fn check(input: &[u8]) -> Result<(), String> {
    let input = text(input);
    let (read, known) = (Json::parse(&input), serde_json::from_str::<Value>(&input));
    let is_too_large =
        known.as_ref().is_err_and(|error| error.to_string().starts_with("number out of range"));
    holds("it is read where serde reads it", read.is_ok() == known.is_ok() || is_too_large)?;
    if let Ok(json) = read {
        let written = json.to_string();
        equal("what is written is read again", &Json::parse(&written), &Ok(json))?;
        if let Ok(known) = known {
            equal("it is what serde has read", &serde_json::from_str(&written).ok(), &Some(known))?;
        }
    }
    Ok(())
}
