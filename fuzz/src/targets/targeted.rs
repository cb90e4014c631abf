//! CDN-Cache-Control: a dictionary of structured fields, or nothing (RFC 9213).

use valora_shared::cache::{MAX_SECONDS, ResponseControl};

use super::{Target, control::print, equal, holds, text};

pub(super) const TARGET: Target = Target {
    name: "cdn-cache-control",
    dictionary: &[
        "no-store",
        "no-cache",
        "private",
        "public",
        "must-revalidate",
        "max-age=",
        "s-maxage=",
        "?0",
        "?1",
        "stale-while-revalidate=",
        "stale-if-error=",
        ", ",
        ";a=1",
        "=(a b)",
        "=\"x\"",
        "=@1",
        ":YQ==:",
        "=1.5",
        "*a=",
    ],
    check,
};

fn check(input: &[u8]) -> Result<(), String> {
    // HTTP takes the blanks from around a value.
    let text = text(input);
    let text = text.trim_matches([' ', '\t']);
    let Some(control) = ResponseControl::parse_targeted(text) else {
        // What cannot be read as it stands cannot be mended by what follows in the same field.
        let more = ResponseControl::parse_targeted(&format!("no-store, {text}"));
        return holds("an invalid member spoils the field", more.is_none());
    };
    for seconds in [control.s_maxage, control.max_age, control.stale_while_revalidate, control.stale_if_error]
    {
        holds("no lifetime is longer than for ever", seconds.is_none_or(|seconds| seconds <= MAX_SECONDS))?;
    }
    if control != ResponseControl::default() {
        let again = ResponseControl::parse_targeted(&print(&control));
        equal("what is printed is read again", &again, &Some(control))?;
    }
    let forbidden = ResponseControl::parse_targeted(&format!("{text}, no-store"));
    equal("no-store behind", &forbidden, &Some(ResponseControl { no_store: true, ..control }))?;
    let last = ResponseControl::parse_targeted(&format!("{text}, max-age=7"));
    equal("the last of two", &last, &Some(ResponseControl { max_age: Some(7), ..control }))
}
