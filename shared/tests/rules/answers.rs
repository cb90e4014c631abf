//! Answers and requests for the properties.

use proptest::prelude::*;
use valora_shared::cache::{
    Answered, Asked, Fields, Keeping, Lifetimes, NotKept, Policy, RequestControl, Rows, Stored,
};
use valora_shared::time::UnixMillis;

/// So many cases. What fails is told, and belongs into a test of its own rather than into a file beside this one.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// When every answer comes.
pub(crate) const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
/// The same as an HTTP-date.
pub(crate) const DATE: &str = "Mon, 21 Sep 2026 14:13:20 GMT";

/// Directives of Cache-Control as origins send them, well formed or not, in any order, some twice.
pub(crate) fn cache_control() -> impl Strategy<Value = String> {
    let directive = prop_oneof![
        prop_oneof![
            Just("no-store"),
            Just("no-cache"),
            Just("private"),
            Just("public"),
            Just("must-revalidate"),
            Just("proxy-revalidate"),
            Just("must-understand"),
            Just("no-cache=\"set-cookie\""),
            Just("Private=\"a, b\""),
            Just("immutable"),
            Just("max-age=soon"),
            Just("community=\"UCI, x\""),
        ]
        .prop_map(str::to_owned),
        (seconds_name(), 0u64..5_000_000_000).prop_map(|(name, seconds)| format!("{name}={seconds}")),
    ];
    prop::collection::vec(directive, 0..5).prop_map(|directives| directives.join(", "))
}

fn seconds_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["max-age", "s-maxage", "Max-Age", "stale-while-revalidate", "stale-if-error"])
}

/// Fields of an answer, those that decide and a few others.
pub(crate) fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let field = prop_oneof![
        4 => cache_control().prop_map(|value| ("cache-control", value)),
        2 => cache_control().prop_map(|value| ("cdn-cache-control", value)),
        1 => Just(("etag", "\"a\"".to_owned())),
        1 => Just(("last-modified", "Mon, 21 Sep 2026 04:13:20 GMT".to_owned())),
        1 => prop::sample::select(vec!["Mon, 21 Sep 2026 15:13:20 GMT", "0", DATE])
            .prop_map(|value| ("expires", value.to_owned())),
        1 => Just(("date", DATE.to_owned())),
        1 => (0u64..9_000_000_000).prop_map(|age| ("age", age.to_string())),
        1 => prop::sample::select(vec!["*", "Accept-Language", "Origin, Accept-Encoding", "a b"])
            .prop_map(|value| ("vary", value.to_owned())),
        1 => Just(("set-cookie", "session=1".to_owned())),
    ];
    prop::collection::vec(field, 0..6)
        .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Statuses of which caches treat some in a way of their own.
pub(crate) fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        6 => Just(200u16),
        3 => prop::sample::select(vec![203u16, 204, 206, 301, 304, 404, 410, 429, 500, 503, 599]),
        1 => 100u16..700,
    ]
}

/// What the shop's cache makes of an answer to a GET.
pub(crate) fn shop(status: u16, fields: &[(String, String)]) -> Result<Keeping, NotKept> {
    let table = Lifetimes::new(300, &Rows::default());
    decide(Policy::Shop(&table), status, fields, false, RequestControl::default())
}

/// What a plain cache makes of it.
pub(crate) fn proxy(status: u16, fields: &[(String, String)]) -> Result<Keeping, NotKept> {
    decide(Policy::Proxy, status, fields, false, RequestControl::default())
}

/// The decision, said in full.
pub(crate) fn decide(
    policy: Policy<'_>,
    status: u16,
    fields: &[(String, String)],
    has_authorization: bool,
    control: RequestControl,
) -> Result<Keeping, NotKept> {
    let asked = Asked { method: "GET", path: "/api/products", has_authorization, control };
    let answered = Answered { status, fields: Fields(fields), sent_at: NOW, received_at: NOW };
    Keeping::decide(policy, &asked, &answered)
}

/// A stored answer on these terms.
pub(crate) fn stored(keeping: Keeping) -> Stored {
    Stored {
        status: 200,
        fields: Vec::new(),
        sent_at: NOW,
        received_at: NOW,
        keeping,
        epoch: 0,
        slots: Vec::new(),
        is_gzip: false,
        identity_bytes: 0,
    }
}

/// The fields with one more, in front of others of its name.
pub(crate) fn with(fields: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let added = (name.to_owned(), value.to_owned());
    [added].into_iter().chain(fields.iter().filter(|(known, _)| known != name).cloned()).collect()
}

/// The value of a field.
pub(crate) fn value<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    Fields(fields).get(name).unwrap_or("")
}
