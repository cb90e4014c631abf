//! Conditional requests against a stored answer (RFC 9110 §13), and what a part of it is (§14).

use super::{Fields, date::http_date, fields::members};

/// The fields of a request that make it conditional or partial; absent ones are `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preconditions<'a> {
    /// If-None-Match.
    pub if_none_match: Option<&'a str>,
    /// If-Modified-Since.
    pub if_modified_since: Option<&'a str>,
    /// Range.
    pub range: Option<&'a str>,
    /// If-Range.
    pub if_range: Option<&'a str>,
}

/// How much of a stored answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// 304: the client has it.
    NotModified,
    /// All of it.
    Whole,
    /// 206: from the first to the last byte, both counted.
    Part(u64, u64),
    /// 416.
    Unsatisfiable,
}

impl Preconditions<'_> {
    /// Whether there is none.
    pub fn are_none(&self) -> bool {
        self.if_none_match.is_none() && self.if_modified_since.is_none() && self.range.is_none()
    }

    /// What of a stored answer of `length` identity bytes answers the request (the order of RFC 9110 §13.2.2).
    pub fn extent(&self, method: &str, status: u16, fields: Fields<'_>, length: u64) -> Extent {
        if status == 200 && self.is_not_modified(fields) {
            return Extent::NotModified;
        }
        match self.range {
            Some(range) if method == "GET" && status == 200 && self.may_be_partial(fields) => {
                part(range, length)
            }
            _ => Extent::Whole,
        }
    }

    fn is_not_modified(&self, fields: Fields<'_>) -> bool {
        if let Some(asked) = self.if_none_match {
            let Some(stored) = fields.get("etag") else { return asked.trim() == "*" };
            return members(asked).any(|tag| tag == "*" || opaque(tag) == opaque(stored));
        }
        let since = self.if_modified_since.and_then(http_date);
        let modified = || fields.get("last-modified").or_else(|| fields.get("date")).and_then(http_date);
        matches!((since, modified()), (Some(since), Some(modified)) if modified <= since)
    }

    /// If-Range compares strongly (RFC 9110 §13.1.5).
    fn may_be_partial(&self, fields: Fields<'_>) -> bool {
        let Some(condition) = self.if_range.map(str::trim) else { return true };
        if condition.starts_with('"') {
            return fields.get("etag") == Some(condition);
        }
        !condition.starts_with("W/") && fields.get("last-modified") == Some(condition)
    }
}

/// The entity-tag less its weakness (RFC 9110 §8.8.3.2, weak comparison).
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// One range of bytes; several, other units and faulty ones are ignored, as RFC 9110 §14.2 allows.
fn part(range: &str, length: u64) -> Extent {
    let number = |text: &str| {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((unit, set)) = range.split_once('=') else { return Extent::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Extent::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else { return Extent::Whole };
    let (first, last) = (first.trim(), last.trim());
    match (number(first), number(last)) {
        (None, Some(suffix)) if first.is_empty() => match suffix.min(length) {
            0 => Extent::Unsatisfiable,
            suffix => Extent::Part(length - suffix, length - 1),
        },
        (Some(first), None) if last.is_empty() && first < length => Extent::Part(first, length - 1),
        (Some(_), None) if last.is_empty() => Extent::Unsatisfiable,
        (Some(first), Some(last)) if first > last => Extent::Whole,
        (Some(first), Some(last)) if first < length => Extent::Part(first, last.min(length - 1)),
        (Some(_), Some(_)) => Extent::Unsatisfiable,
        _ => Extent::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_body() {
        assert_eq!(part("bytes=0-4", 10), Extent::Part(0, 4));
        assert_eq!(part("bytes=5-", 10), Extent::Part(5, 9));
        assert_eq!(part("bytes=-3", 10), Extent::Part(7, 9));
        assert_eq!(part("bytes=-30", 10), Extent::Part(0, 9));
        assert_eq!(part("bytes=5-99999999999999999999999", 10), Extent::Part(5, 9));
        assert_eq!(part("bytes=10-", 10), Extent::Unsatisfiable);
        assert_eq!(part("bytes=-0", 10), Extent::Unsatisfiable);
        for ignored in ["bytes=4-2", "bytes=0-1,3-4", "lines=0-1", "bytes", "bytes=-", "bytes=a-b"] {
            assert_eq!(part(ignored, 10), Extent::Whole, "{ignored}");
        }
    }

    #[test]
    fn entity_tags_are_compared_weakly_and_win_over_dates() {
        let fields = [("etag".to_owned(), "W/\"a\"".to_owned())];
        let asked = |tag| Preconditions { if_none_match: Some(tag), ..Preconditions::default() };
        let extent = |tag| asked(tag).extent("GET", 200, Fields(&fields), 3);
        assert_eq!(extent("\"x\", \"a\""), Extent::NotModified);
        assert_eq!(extent("*"), Extent::NotModified);
        assert_eq!(extent("\"b\""), Extent::Whole);
        let dated = [("last-modified".to_owned(), "Mon, 21 Sep 2026 14:13:20 GMT".to_owned())];
        let since = |date| Preconditions { if_modified_since: Some(date), ..Preconditions::default() };
        let extent = |date| since(date).extent("GET", 200, Fields(&dated), 3);
        assert_eq!(extent("Mon, 21 Sep 2026 14:13:20 GMT"), Extent::NotModified);
        assert_eq!(extent("Mon, 21 Sep 2026 14:13:19 GMT"), Extent::Whole);
    }
}
