//! Range and If-None-Match.

use valora_shared::cache::{Extent, Fields, Preconditions};

use super::{Target, equal, holds, text};

pub(super) const RANGE: Target = Target {
    name: "range",
    dictionary: &["bytes=", "bytes=0-", "-", "Bytes =", "lines=", ",", "bytes=-1"],
    check: range,
};

/// The first line is the stored entity-tag, the rest what is asked.
pub(super) const IF_NONE_MATCH: Target = Target {
    name: "if-none-match",
    dictionary: &["W/", "\"a\"", "W/\"a\"", ", ", "*", "\n", "\"a,b\"", "\\"],
    check: if_none_match,
};

fn range(input: &[u8]) -> Result<(), String> {
    let text = &*text(input);
    let asked = Preconditions { range: Some(text), ..Preconditions::default() };
    for length in [0, 1, 10, u64::MAX] {
        let extent = asked.extent("GET", 200, Fields(&[]), length);
        match extent {
            Extent::Part(first, last) => {
                holds("a part lies within the body", first <= last && last < length)?;
                let exact = format!("bytes={first}-{last}");
                let again = Preconditions { range: Some(&exact), ..Preconditions::default() };
                equal("the part by its numbers", &again.extent("GET", 200, Fields(&[]), length), &extent)?;
            }
            Extent::Unsatisfiable | Extent::Whole => {}
            Extent::NotModified => return Err("a range is no condition".to_owned()),
        }
        holds("HEAD has no parts", asked.extent("HEAD", 200, Fields(&[]), length) == Extent::Whole)?;
        let other = asked.extent("GET", 404, Fields(&[]), length);
        holds("only a 200 has parts", other == Extent::Whole)?;
    }
    Ok(())
}

fn if_none_match(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    let (stored, asked) = text.split_once('\n').unwrap_or(("\"a\"", &text));
    let fields = [("etag".to_owned(), stored.to_owned())];
    let extent = |asked: &str| {
        let asked = Preconditions { if_none_match: Some(asked), ..Preconditions::default() };
        asked.extent("GET", 200, Fields(&fields), 3)
    };
    let answer = extent(asked);
    holds("whole or not modified", matches!(answer, Extent::Whole | Extent::NotModified))?;
    equal("* matches what is there", &extent("*"), &Extent::NotModified)?;
    if is_entity_tag(stored) {
        equal("its own tag", &extent(&format!("{stored}, {asked}")), &Extent::NotModified)?;
        let weak = format!("W/{}", stored.trim_start_matches("W/"));
        equal("weakly compared", &extent(&weak), &Extent::NotModified)?;
        holds(
            "another tag in front changes nothing",
            extent(&format!("\"-other-\", {asked}")) == answer || stored.ends_with("\"-other-\""),
        )?;
    }
    Ok(())
}

/// RFC 9110 §8.8.3, less the backslash, which lists of quoted text treat as an escape.
fn is_entity_tag(text: &str) -> bool {
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| !inner.contains(['"', '\\']))
}
