//! Which page of a list is asked for. A cursor means something to the list that gave it, and nothing to clients.

use super::Query;
use valora_shared::problem::{FieldError, Place, Problem};

/// Lengths of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Where nobody says.
    pub(crate) default: usize,
    /// At most.
    pub(crate) max: usize,
}

impl Limits {
    /// As long as allowed where nobody says.
    pub(crate) const fn up_to(max: usize) -> Self {
        Self { default: max, max }
    }
}

/// Reads parameters of a query and gathers what is wrong with them.
#[derive(Debug)]
pub(crate) struct QueryReader<'a> {
    query: &'a Query,
    faults: Vec<FieldError>,
}

impl<'a> QueryReader<'a> {
    pub(crate) fn new(query: &'a Query) -> Self {
        Self { query, faults: Vec::new() }
    }

    /// A parameter that may be absent; `None` also where it is faulty.
    pub(crate) fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        must: impl Into<String>,
    ) -> Option<T> {
        let read = parse(self.query.get(name)?);
        if read.is_none() {
            self.fault(name, must);
        }
        read
    }

    /// Something wrong with a parameter.
    pub(crate) fn fault(&mut self, name: &'static str, message: impl Into<String>) {
        self.faults.push(FieldError { field: name.into(), message: message.into(), place: Place::Query });
    }

    /// `limit`.
    pub(crate) fn limit(&mut self, Limits { default, max }: Limits) -> usize {
        let in_range = |text: &str| number(text)?.try_into().ok().filter(|limit| (1..=max).contains(limit));
        self.read("limit", in_range, format!("must be an integer from 1 to {max}")).unwrap_or(default)
    }

    /// `cursor`.
    pub(crate) fn cursor<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.read("cursor", parse, "must be a next_cursor that this API gave")
    }

    /// # Errors
    /// 422 that names every fault.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::validation(self.faults)) }
    }
}

/// `limit`, and the number behind which `cursor` lets the page begin.
///
/// # Errors
/// 422 that names every fault.
pub(crate) fn read_page(query: &Query, max: usize) -> Result<(usize, Option<i64>), Problem> {
    let mut reader = QueryReader::new(query);
    let limit = reader.limit(Limits::up_to(max));
    let after = reader.cursor(number);
    reader.finish()?;
    Ok((limit, after))
}

/// The cursor of lists that are in the order of a number.
pub(crate) fn number(text: &str) -> Option<i64> {
    // Written in one way only: no sign, no zeros in front, and short enough to fit.
    let is_one = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.len() <= 18;
    if is_one { text.parse().ok() } else { None }
}

/// Cuts a list of up to one more than `limit` and says behind which of its entries the next page begins.
pub(crate) fn cut<T>(found: &mut Vec<T>, limit: usize, cursor: impl FnOnce(&T) -> String) -> Option<String> {
    let has_more = found.len() > limit;
    found.truncate(limit);
    found.last().filter(|_| has_more).map(cursor)
}
