//! What a 304 makes of the stored response (RFC 9111 §3.2, §4.3.4), and which fields are kept at all (§3.1).

use super::{Fields, Policy, fields::members};
use crate::http::{is_hop_by_hop, is_told_by_the_edge};

/// Whether a field describes a body, of which a 304 has none: what one says there is not about ours, and we do not say it
/// (RFC 9110 §15.4.5).
pub fn is_of_the_body(name: &str) -> bool {
    matches!(name, "content-encoding" | "content-length" | "content-range" | "content-type")
}

/// The fields of an answer that are stored: without those that end at this hop, those that `Connection` names, and, in
/// the shop, those that the edge says itself.
pub fn kept_fields(policy: Policy<'_>, fields: Fields<'_>) -> Vec<(String, String)> {
    let named = fields.get("connection").unwrap_or("").to_ascii_lowercase();
    let ends_here = |name: &str| {
        is_hop_by_hop(name)
            || (matches!(policy, Policy::Shop(_)) && is_told_by_the_edge(name))
            || members(&named).any(|member| member == name)
    };
    fields.0.iter().filter(|(name, _)| !ends_here(name)).cloned().collect()
}

/// The stored fields, brought up to date by those of a 304.
pub fn freshened(policy: Policy<'_>, stored: Fields<'_>, not_modified: Fields<'_>) -> Vec<(String, String)> {
    let mut new = kept_fields(policy, not_modified);
    new.retain(|(name, _)| !is_of_the_body(name));
    let is_replaced = |name: &str| new.iter().any(|(known, _)| known == name);
    // An Age that was told with the old answer says nothing about the new one.
    let kept = stored.0.iter().filter(|(name, _)| name != "age" && !is_replaced(name));
    let mut fields: Vec<(String, String)> = kept.cloned().collect();
    fields.append(&mut new);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_ends_at_this_hop_is_not_stored() {
        let fields = list(&[("connection", "X-Private, close"), ("x-private", "1"), ("etag", "\"a\"")]);
        assert_eq!(kept_fields(Policy::Proxy, Fields(&fields)), list(&[("etag", "\"a\"")]));
    }

    #[test]
    fn a_304_replaces_what_it_names_and_nothing_of_the_body() {
        let stored =
            list(&[("age", "9"), ("content-type", "text/plain"), ("etag", "\"a\""), ("x-kept", "1")]);
        let answer =
            list(&[("content-type", "text/html"), ("etag", "\"b\""), ("cache-control", "max-age=1")]);
        let fields = freshened(Policy::Proxy, Fields(&stored), Fields(&answer));
        let expected = [
            ("content-type", "text/plain"),
            ("x-kept", "1"),
            ("etag", "\"b\""),
            ("cache-control", "max-age=1"),
        ];
        assert_eq!(fields, list(&expected));
    }
}
