//! Cache-Control of responses and requests.

use valora_shared::cache::{MAX_SECONDS, RequestControl, ResponseControl};

use super::{Target, equal, holds, text};

pub(super) const RESPONSE: Target = Target {
    name: "cache-control",
    dictionary: &[
        "no-store",
        "no-cache",
        "private",
        "public",
        "must-revalidate",
        "proxy-revalidate",
        "must-understand",
        "s-maxage=",
        "max-age=",
        "stale-while-revalidate=",
        "stale-if-error=",
        ", ",
        "=\"",
        "\\\"",
        "No-Store",
    ],
    check: response,
};

pub(super) const REQUEST: Target = Target {
    name: "request-control",
    dictionary: &[
        "no-store",
        "no-cache",
        "only-if-cached",
        "max-age=",
        "min-fresh=",
        "max-stale",
        "max-stale=",
        ", ",
        "=\"",
    ],
    check: request,
};

fn response(input: &[u8]) -> Result<(), String> {
    let text = &*text(input);
    let control = ResponseControl::parse(text);
    for seconds in [control.s_maxage, control.max_age, control.stale_while_revalidate, control.stale_if_error]
    {
        holds("no lifetime is longer than for ever", seconds.is_none_or(|seconds| seconds <= MAX_SECONDS))?;
    }
    equal("what is printed is read again", &ResponseControl::parse(&print(&control)), &control)?;
    equal("case says nothing", &ResponseControl::parse(&text.to_ascii_uppercase()), &control)?;
    // What stands first is read whatever follows it, and changes nothing else.
    let forbidden = ResponseControl::parse(&format!("no-store, {text}"));
    equal("no-store in front", &forbidden, &ResponseControl { no_store: true, ..control })?;
    let first = ResponseControl::parse(&format!("max-age=7, {text}"));
    equal("the first of two", &first, &ResponseControl { max_age: Some(7), ..control })
}

/// The directives as an origin would write them.
pub(super) fn print(control: &ResponseControl) -> String {
    let flags = [
        ("no-store", control.no_store),
        ("no-cache", control.no_cache),
        ("private", control.private),
        ("public", control.public),
        ("must-revalidate", control.must_revalidate),
        ("proxy-revalidate", control.proxy_revalidate),
        ("must-understand", control.must_understand),
    ];
    let numbers = [
        ("s-maxage", control.s_maxage),
        ("max-age", control.max_age),
        ("stale-while-revalidate", control.stale_while_revalidate),
        ("stale-if-error", control.stale_if_error),
    ];
    let flags = flags.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (*name).to_owned());
    let numbers =
        numbers.iter().filter_map(|(name, seconds)| seconds.map(|seconds| format!("{name}={seconds}")));
    flags.chain(numbers).collect::<Vec<_>>().join(", ")
}

fn request(input: &[u8]) -> Result<(), String> {
    let text = &*text(input);
    let control = RequestControl::parse(Some(text), None);
    for seconds in [control.max_age, control.min_fresh, control.max_stale] {
        holds("no time is longer than for ever", seconds.is_none_or(|seconds| seconds <= MAX_SECONDS))?;
    }
    equal("case says nothing", &RequestControl::parse(Some(&text.to_ascii_uppercase()), None), &control)?;
    equal("Pragma is for those without", &RequestControl::parse(Some(text), Some("no-cache")), &control)?;
    let strict = RequestControl::parse(Some(&format!("no-cache, {text}")), None);
    equal("no-cache in front", &strict, &RequestControl { no_cache: true, ..control })?;
    let _ = RequestControl::parse(None, Some(text));
    Ok(())
}
