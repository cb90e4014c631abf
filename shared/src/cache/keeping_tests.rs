use super::*;
use crate::cache::Rows;

fn list(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn decide(policy: Policy<'_>, status: u16, fields: &[(&str, &str)]) -> Result<Keeping, NotKept> {
    let fields = list(fields);
    let asked = Asked {
        method: "GET",
        path: "/api/products",
        has_authorization: false,
        control: RequestControl::default(),
    };
    let now = UnixMillis(1_790_000_000_000);
    let answered = Answered { status, fields: Fields(&fields), sent_at: now, received_at: now };
    Keeping::decide(policy, &asked, &answered)
}

fn shop(status: u16, fields: &[(&str, &str)]) -> Result<u32, NotKept> {
    let table = Lifetimes::new(300, &Rows::default());
    decide(Policy::Shop(&table), status, fields).map(|keeping| keeping.lifetime_seconds)
}

#[test]
fn a_targeted_field_replaces_cache_control_and_expires() {
    let cdn = |value| shop(200, &[("cache-control", "no-store"), ("cdn-cache-control", value)]);
    assert_eq!(cdn("max-age=60"), Ok(60));
    assert_eq!(cdn("max-age=;;"), Err(NotKept::Forbidden), "an invalid one says nothing");
    assert_eq!(cdn("no-store"), Err(NotKept::Forbidden));
}

#[test]
fn the_shop_keeps_what_names_no_lifetime_by_its_table_and_404_a_minute() {
    assert_eq!(shop(200, &[]), Ok(600));
    assert_eq!(shop(404, &[("cdn-cache-control", "max-age=300")]), Ok(60));
    assert_eq!(shop(500, &[]), Err(NotKept::Status));
    assert_eq!(shop(503, &[("cache-control", "max-age=3")]), Ok(3));
    assert_eq!(shop(200, &[("set-cookie", "a=1")]), Err(NotKept::Cookie));
    assert_eq!(shop(200, &[("vary", "*")]), Err(NotKept::Vary));
}

#[test]
fn the_shop_serves_no_stale_404_whatever_its_terms() {
    let table = Lifetimes::new(300, &Rows::default());
    let fields = [("cdn-cache-control", "max-age=30, stale-while-revalidate=60, stale-if-error=86400")];
    let windows = |policy, status| {
        let keeping = decide(policy, status, &fields).unwrap();
        (keeping.lifetime_seconds, keeping.stale_while_revalidate, keeping.stale_if_error)
    };
    assert_eq!(windows(Policy::Shop(&table), 404), (30, 0, 0));
    assert_eq!(windows(Policy::Shop(&table), 200), (30, 60, 86_400));
    assert_eq!(windows(Policy::Proxy, 404), (30, 60, 86_400));
}

#[test]
fn the_proxy_guesses_a_tenth_of_the_time_since_the_last_change() {
    let fields =
        [("date", "Mon, 21 Sep 2026 14:13:20 GMT"), ("last-modified", "Mon, 21 Sep 2026 14:11:40 GMT")];
    assert_eq!(decide(Policy::Proxy, 200, &fields).unwrap().lifetime_seconds, 10);
    assert_eq!(decide(Policy::Proxy, 200, &[]), Err(NotKept::NoLifetime));
    assert_eq!(decide(Policy::Proxy, 201, &[("last-modified", "x")]), Err(NotKept::Status));
}

#[test]
fn a_date_beyond_all_numbers_is_for_ever_and_one_that_is_none_is_past() {
    let expires = |value| decide(Policy::Proxy, 200, &[("expires", value), ("etag", "\"a\"")]).unwrap();
    assert_eq!(expires("Fri, 31 Dec 9999 23:59:59 GMT").lifetime_seconds, MAX_SECONDS);
    assert_eq!(expires("0").lifetime_seconds, 0);
}

#[test]
fn must_understand_overrules_no_store_where_the_status_is_understood() {
    let fields = [("cache-control", "max-age=60, no-store, must-understand")];
    assert!(decide(Policy::Proxy, 200, &fields).is_ok());
    assert_eq!(decide(Policy::Proxy, 599, &fields), Err(NotKept::Forbidden));
}

#[test]
fn tags_are_read_once_each() {
    assert_eq!(tags(Some("b, a,,b")), ["a", "b"]);
    assert!(tags(None).is_empty());
}
