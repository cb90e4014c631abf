//! Which part of the audit is asked for.

use crate::problem::{FieldError, Place, Problem};

/// `?limit=100&cursor=…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At most so many records: 1 to [`Page::MAX`], 100 where nothing is said.
    pub limit: u32,
    /// Only records older than this number: what `next_cursor` said.
    pub before: Option<u64>,
}

impl Page {
    /// The most records in one answer.
    pub const MAX: u32 = 500;

    /// From a query, without its question mark; unknown parameters are ignored.
    ///
    /// # Errors
    /// A validation problem with every faulty parameter and its limit.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let given = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .map(str::parse::<u64>)
        };
        let mut page = Self { limit: 100, before: None };
        let mut errors = Vec::new();
        let mut fault = |field: &'static str, message: String| {
            errors.push(FieldError { field: field.into(), message, place: Place::Query });
        };
        match given("limit").map(|limit| limit.ok().and_then(|limit| u32::try_from(limit).ok())) {
            None => {}
            Some(Some(limit)) if (1..=Self::MAX).contains(&limit) => page.limit = limit,
            Some(_) => fault("limit", format!("must be an integer from 1 to {}", Self::MAX)),
        }
        match given("cursor") {
            None => {}
            Some(Ok(before)) if before > 0 => page.before = Some(before),
            Some(_) => fault("cursor", "must be a next_cursor of an earlier answer".to_owned()),
        }
        if errors.is_empty() { Ok(page) } else { Err(Problem::validation(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_limits_and_faults_are_named_together() {
        assert_eq!(Page::parse(""), Ok(Page { limit: 100, before: None }));
        assert_eq!(Page::parse("x=1&limit=500&cursor=7"), Ok(Page { limit: 500, before: Some(7) }));
        for query in
            ["limit=0", "limit=501", "limit=", "limit=ten", "limit=4294967297", "cursor=0", "cursor=-1"]
        {
            assert_eq!(Page::parse(query).unwrap_err().errors.len(), 1, "{query}");
        }
        let both = Page::parse("limit=501&cursor=x").unwrap_err();
        assert_eq!(both.errors.iter().map(|error| &*error.field).collect::<Vec<_>>(), ["limit", "cursor"]);
        assert!(both.errors[0].message.contains("500"));
    }
}
