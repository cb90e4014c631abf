//! Purge patterns as admins type them, and the table of epochs as the Hub tells it.

use valora_shared::cache::{Epochs, PurgeTarget};

use super::{Target, equal, holds, text};

/// The first line is the pattern, the second a target.
pub(super) const PATTERN: Target = Target {
    name: "purge-pattern",
    dictionary: &["*", "tag:", "product:1", "/api/", "prices", "?", "\n", "**", "/api/*/history", "%2f"],
    check: pattern,
};

pub(super) const PART: Target = Target {
    name: "epochs",
    dictionary: &["41 ", ",", " ,,7,", "AAAA", "==", "/api/*", "*", "18446744073709551615", "CQAA"],
    check: part,
};

fn pattern(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    let (pattern, path) = text.split_once('\n').unwrap_or((&text, "/api/prices?ids=1"));
    let Ok(target) = PurgeTarget::parse(pattern) else { return Ok(()) };
    let printed = String::from(target.clone());
    equal("what is printed is read again", &PurgeTarget::parse(&printed), &Ok(target.clone()))?;
    let part = if pattern.contains('?') { path } else { path.split('?').next().unwrap_or(path) };
    let expected = match &target {
        PurgeTarget::Everything => true,
        PurgeTarget::Tag(_) => false,
        _ if pattern.contains('*') => has_form(part.as_bytes(), pattern.as_bytes()),
        _ => part.contains(pattern),
    };
    equal("it matches as a star should", &target.matches(path), &expected)
}

/// The plain way: a star takes nothing, or one byte more. One row of the table for each byte of the pattern.
fn has_form(path: &[u8], pattern: &[u8]) -> bool {
    let mut reached = vec![false; path.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for byte in pattern {
        let before = reached.clone();
        let mut is_open = false;
        for (at, now) in reached.iter_mut().enumerate() {
            let was = before.get(at).copied().unwrap_or(false);
            is_open |= was;
            let follows = at > 0 && before.get(at - 1) == Some(&true) && path.get(at - 1) == Some(byte);
            *now = if *byte == b'*' { is_open } else { follows };
        }
    }
    reached.last() == Some(&true)
}

fn part(input: &[u8]) -> Result<(), String> {
    let mut table = Epochs::default();
    if table.merge_part(&text(input)).is_err() {
        return Ok(());
    }
    let printed = table.to_part();
    let mut again = Epochs::default();
    holds("what is printed is read again", again.merge_part(&printed).is_ok())?;
    equal("and says the same", &again.to_part(), &printed)?;
    holds("a purge of everything is heeded", {
        table.purge(&PurgeTarget::Everything, valora_shared::events::PurgeMode::Hard);
        table.epoch() == 0 || table.verdict(&[], "/api/prices", table.epoch() - 1).is_some()
    })
}
