//! Which page of a list is asked for.

use super::Query;
use valora_shared::problem::{FieldError, Place, Problem};

/// `limit`, at most and without one `max`, and the position behind which `cursor` lets the page begin.
///
/// # Errors
/// 422 that names every fault.
pub(crate) fn read_page(query: &Query, max: usize) -> Result<(usize, Option<i64>), Problem> {
    let mut faults = Vec::new();
    let mut fault = |field: &'static str, message: String| {
        faults.push(FieldError { field: field.into(), message, place: Place::Query });
    };
    let limit = query.get("limit").map_or(Some(max), |text| {
        let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
        if limit.is_none() {
            fault("limit", format!("must be an integer from 1 to {max}"));
        }
        limit
    });
    let after = query.get("cursor").map(|text| text.parse::<i64>().ok().filter(|position| *position > 0));
    if after == Some(None) {
        fault("cursor", "must be a next_cursor that this API gave".to_owned());
    }
    match limit {
        Some(limit) if faults.is_empty() => Ok((limit, after.flatten())),
        _ => Err(Problem::validation(faults)),
    }
}
