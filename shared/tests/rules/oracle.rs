//! Another library's opinion (http-cache-semantics, the rules of RFC 9111 as npm's proxies and browsers' test suites know
//! them), where it is right: what may be stored, s-maxage before max-age before Expires, Age, Authorization, and what a
//! client demands.
//!
//! Left out because it errs or is silent there: proxy-revalidate (it takes it for max-age=0), two directives of one name,
//! numbers beyond 64 bits, Set-Cookie, must-understand, targeted fields, stale-while-revalidate, stale-if-error, blanks in
//! the fields that Vary names.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use proptest::prelude::*;
use valora_shared::cache::{NotKept, Policy, RequestControl, Reuse};
use valora_shared::time::UnixMillis;

use crate::answers::{DATE, NOW, decide, stored};

#[derive(Debug, Clone)]
struct Case {
    has_authorization: bool,
    status: u16,
    fields: Vec<(String, String)>,
    /// Of the request that comes later, and how much later.
    asked: String,
    later: i64,
}

fn case() -> impl Strategy<Value = Case> {
    let flags =
        prop::sample::subsequence(vec!["no-store", "no-cache", "private", "public", "must-revalidate"], 0..2);
    let seconds = || prop::option::of(0u32..100);
    let control = (flags, seconds(), seconds()).prop_map(|(flags, s_maxage, max_age)| {
        let numbers = [("s-maxage", s_maxage), ("max-age", max_age)];
        let numbers = numbers.iter().filter_map(|(name, n)| n.map(|n| format!("{name}={n}")));
        flags.into_iter().map(str::to_owned).chain(numbers).collect::<Vec<_>>().join(", ")
    });
    let expires =
        prop::sample::select(vec!["Mon, 21 Sep 2026 14:14:00 GMT", "Mon, 21 Sep 2026 14:00:00 GMT", "0"]);
    let fields =
        (prop::option::weighted(0.8, control), prop::option::of(expires), prop::option::of(0u32..50));
    let status = prop::sample::select(vec![200u16, 203, 204, 301, 302, 404, 410, 501]);
    let asked =
        prop::sample::select(vec!["no-cache", "max-age=", "min-fresh=", "max-stale", "max-stale=", ""]);
    let asked = (asked, 0u32..60)
        .prop_map(|(name, n)| if name.ends_with('=') { format!("{name}{n}") } else { name.to_owned() });
    let asked = prop::collection::vec(asked, 1..3).prop_map(|mut asked| {
        asked.dedup_by_key(|directive| directive.split('=').next().map(str::to_owned));
        asked.join(", ")
    });
    (prop::bool::weighted(0.2), status, fields, asked, 0i64..120).prop_map(
        |(has_authorization, status, (control, expires, age), asked, later)| {
            let given = [
                ("date", Some(DATE.to_owned())),
                ("etag", Some("\"a\"".to_owned())),
                ("cache-control", control),
                ("expires", expires.map(str::to_owned)),
                ("age", age.map(|age| age.to_string())),
            ];
            let fields =
                given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
            // Half a second past: ours end a tenth of a second early.
            Case { has_authorization, status, fields, asked, later: later * 1000 + 500 }
        },
    )
}

fn time(at: UnixMillis) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap())
}

fn request(cache_control: &str, has_authorization: bool) -> Request<()> {
    let mut request = Request::builder().uri("http://shop.example/api/products");
    if !cache_control.is_empty() {
        request = request.header("cache-control", cache_control);
    }
    if has_authorization {
        request = request.header("authorization", "Bearer x");
    }
    request.body(()).unwrap()
}

fn theirs(case: &Case) -> CachePolicy {
    let mut response = Response::builder().status(case.status).body(()).unwrap();
    let fields = case.fields.iter().map(|(name, value)| {
        (HeaderName::try_from(name.as_str()).unwrap(), HeaderValue::from_str(value).unwrap())
    });
    *response.headers_mut() = fields.collect::<HeaderMap>();
    CachePolicy::new_options(
        &request("", case.has_authorization),
        &response,
        time(NOW),
        CacheOptions::default(),
    )
}

proptest! {
    #![proptest_config(crate::answers::cases(1_500))]

    #[test]
    fn both_store_the_same_for_as_long(case in case()) {
        let theirs = theirs(&case);
        let ours = decide(Policy::Proxy, case.status, &case.fields, case.has_authorization, RequestControl::default());
        match ours {
            Ok(keeping) => {
                prop_assert!(theirs.is_storable(), "only we store it");
                let fresh_ms = i64::from(keeping.lifetime_seconds) * 1000 - keeping.initial_age_ms;
                let fresh_ms = if keeping.no_cache { 0 } else { fresh_ms.max(0) };
                let theirs_ms = i64::try_from(theirs.time_to_live(time(NOW)).as_millis()).unwrap();
                prop_assert_eq!(fresh_ms, theirs_ms);
            }
            // It would store what can neither be used nor checked.
            Err(NotKept::NoLifetime) => {}
            Err(reason) => prop_assert!(!theirs.is_storable(), "only they store it: {:?}", reason),
        }
    }

    #[test]
    fn both_answer_a_later_request_alike(case in case()) {
        let Ok(keeping) = decide(Policy::Proxy, case.status, &case.fields, case.has_authorization, RequestControl::default()) else {
            return Ok(());
        };
        let forbids_stale = keeping.forbids_stale;
        let stored = stored(keeping);
        let now = UnixMillis(NOW.0 + case.later);
        let control = RequestControl::parse(Some(&case.asked), None);
        let (ours, _) = stored.reuse(now, &control, None);
        let asked = request(&case.asked, case.has_authorization);
        let theirs = matches!(theirs(&case).before_request(&asked, time(now)), BeforeRequest::Fresh(_));
        // s-maxage forbids stale answers (RFC 9111 §5.2.2.10), and no-cache is checked whatever the client takes; it
        // heeds must-revalidate alone.
        // Both at once contradict each other where it is stale (§5.2.1): it heeds the one that allows, we the other.
        let contradicts = control.max_stale.is_some() && control.min_fresh.is_some();
        if theirs && contradicts && stored.fresh_ms(now) <= 0 {
            return Ok(());
        }
        if theirs && forbids_stale && (stored.keeping.no_cache || stored.fresh_ms(now) <= 0) {
            prop_assert!(ours != Reuse::Fresh);
        } else {
            prop_assert_eq!(ours == Reuse::Fresh, theirs, "{:?}", ours);
        }
    }
}
