//! Whether an answer may be given to more than the one whose request fetched it.

use crate::cache::{Answered, Asked, Keeping, Lifetimes, Policy, RequestControl};

/// The names of the fields by which the answer varies, if it may be shared: whatever a cache may keep and use unchecked.
pub fn shared_by(table: &Lifetimes, path: &str, answered: Answered<'_>) -> Option<Vec<String>> {
    let asked = Asked { method: "GET", path, has_authorization: false, control: RequestControl::default() };
    // "Not modified" is judged as the answer it confirms.
    let status = if answered.status == 304 { 200 } else { answered.status };
    let keeping = Keeping::decide(Policy::Shop(table), &asked, &Answered { status, ..answered });
    let is_fresh = |keeping: &Keeping| !keeping.no_cache && keeping.lifetime_seconds > 0;
    keeping.ok().filter(is_fresh).map(|keeping| keeping.vary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::{Fields, Rows},
        time::UnixMillis,
    };

    fn shared(status: u16, fields: &[(&str, &str)]) -> Option<Vec<String>> {
        let fields: Vec<_> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let table = Lifetimes::new(300, &Rows::default());
        let now = UnixMillis(1_790_000_000_000);
        let answered = Answered { status, fields: Fields(&fields), sent_at: now, received_at: now };
        shared_by(&table, "/api/products", answered)
    }

    #[test]
    fn what_is_meant_for_one_client_is_not_shared() {
        assert_eq!(shared(200, &[("cache-control", "private")]), None);
        assert_eq!(shared(200, &[("cache-control", "no-store")]), None);
        assert_eq!(shared(200, &[("cdn-cache-control", "max-age=9"), ("set-cookie", "a=1")]), None);
        assert_eq!(shared(200, &[("vary", "*")]), None);
        assert_eq!(shared(500, &[]), None);
        assert_eq!(shared(304, &[("cache-control", "private")]), None);
    }

    #[test]
    fn what_may_be_kept_is_shared_among_those_it_does_not_tell_apart() {
        assert_eq!(shared(200, &[]).unwrap(), [""; 0]);
        assert_eq!(shared(404, &[]).unwrap(), [""; 0]);
        assert_eq!(shared(304, &[("etag", "\"a\"")]).unwrap(), [""; 0]);
        assert_eq!(shared(200, &[("vary", "Origin, Accept-Language")]).unwrap(), ["accept-language"]);
    }
}
