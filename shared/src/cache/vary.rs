//! Variants of one resource (RFC 9111 §4.1).

use super::{Policy, fields::members};
use crate::sorted::sorted;

/// The names in a Vary by which answers are told apart: lower case, sorted, each once. `None` for `*`, and for what no
/// field can be called: it says that the answer varies, and nothing about how.
///
/// Left out: Accept-Encoding, because the cache answers in either coding itself; and in the shop Origin, because CORS
/// is answered by the edge.
pub fn names(policy: Policy<'_>, vary: Option<&str>) -> Option<Vec<String>> {
    let mut names = sorted(members(vary.unwrap_or("")).map(str::to_ascii_lowercase));
    if names.iter().any(|name| name == "*" || !is_token(name)) {
        return None;
    }
    names.retain(|name| match policy {
        Policy::Shop(_) => !matches!(name.as_str(), "accept-encoding" | "origin"),
        Policy::Proxy => true,
    });
    Some(names)
}

/// RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// What a request has in the named fields, as a suffix of its key: equal for requests that mean the same.
pub fn variant<S: AsRef<str>>(names: &[S], header: impl Fn(&str) -> Option<String>) -> String {
    let mut variant = String::new();
    for name in names.iter().map(AsRef::as_ref) {
        variant.push('\n');
        variant.push_str(name);
        // Absent and empty differ.
        if let Some(value) = header(name) {
            variant.push(':');
            variant.push_str(&normalised(name, &value));
        }
    }
    variant
}

/// Spaces around commas say nothing; the case of languages and media ranges neither (RFC 9110 §12.5).
fn normalised(name: &str, value: &str) -> String {
    let joined = members(value)
        .map(|member| member.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join(",");
    if matches!(name, "accept" | "accept-language" | "accept-encoding" | "accept-charset") {
        joined.to_ascii_lowercase().split(';').map(str::trim).collect::<Vec<_>>().join(";")
    } else {
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_never_matches_and_names_are_told_once() {
        assert_eq!(names(Policy::Proxy, Some("Foo, *")), None);
        assert_eq!(names(Policy::Proxy, Some("Foo, \"Bar\"")), None, "asking for such a field would throw");
        assert_eq!(names(Policy::Proxy, Some("Foo, foo,Bar")).unwrap(), ["bar", "foo"]);
        assert!(names(Policy::Proxy, None).unwrap().is_empty());
    }

    #[test]
    fn requests_that_mean_the_same_share_a_variant() {
        let of = |value: Option<&str>| variant(&["accept-language"], |_| value.map(str::to_owned));
        assert_eq!(of(Some("en, DE ;q=1")), of(Some("en,de;q=1")));
        assert_ne!(of(Some("en")), of(Some("de")));
        assert_ne!(of(None), of(Some("")));
    }
}
