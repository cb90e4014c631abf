//! The list of steps, walked natively: what can be decided without the platform is decided here.

use super::*;
use crate::{
    answer::{CacheOutcome, Made, Tier},
    beat::EpochCheck,
    cache::{Body, Entry, testing},
    credentials::Presented,
    exchange::{
        BodyFact, CacheView, DeliveryBody, DeliveryFact, Inbound, KvFact, OriginFact, RequestHeaders,
    },
    hub::Away,
    limit::LimitView,
    settings::Settings,
    upstream::Failure,
};
use std::{collections::HashMap, rc::Rc};
use valora_shared::{
    account::{Claims, Role, UserId},
    cache::CacheKey,
    config::Setting as _,
    hub::{Call, Reply},
    problem::ErrorCode,
    time::UnixMillis,
    trust::{KeyRing, Message, Nonce, Profile, SharedSecret, sign},
};
use wasm_bindgen::JsValue;

const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

fn isolate(settings: &[(&str, &str)]) -> Isolate {
    let source: HashMap<String, String> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let isolate = Isolate::default();
    isolate.ensure_settings(|| Settings::read(&source), || 7);
    isolate
}

fn exchange(method: &str, url: &str) -> Exchange {
    let inbound = Inbound::parse(&format!("{method}\nhttp://edge{url}\n\n\n\n"));
    let mut exchange = Exchange::new(inbound, RequestHeaders::Listed(Vec::new()), NOW, || {
        "random-correlation-id".to_owned()
    });
    exchange.facts.epochs = Some(EpochCheck::Current);
    // Its own tests are below.
    exchange.limit = LimitView::Exempt;
    exchange
}

fn entry(stored_at: i64) -> Rc<Entry> {
    let body = Body { handle: JsValue::NULL, bytes: 10 };
    Rc::new(Entry::new(testing::stored(stored_at), Some(body), None))
}

fn remember(isolate: &Isolate, url: &str, entry: Rc<Entry>) {
    isolate.remember(&CacheKey::from_url(url).unwrap(), &|_| None, entry);
}

#[track_caller]
fn needs(exchange: &mut Exchange, isolate: &Isolate) -> Need {
    match advance(exchange, isolate) {
        Progress::Needs(need) => need,
        Progress::Answered(_) => panic!("answered without I/O"),
    }
}

#[track_caller]
fn answered(exchange: &mut Exchange, isolate: &Isolate) -> Answer {
    match advance(exchange, isolate) {
        Progress::Answered(answer) => answer,
        Progress::Needs(need) => panic!("asked for {need:?}"),
    }
}

#[track_caller]
fn problem(answer: Answer) -> ErrorCode {
    match answer {
        Answer::Problem(problem) => problem.code,
        _ => panic!("no problem"),
    }
}

#[test]
fn a_cached_route_asks_kv_and_then_the_origin() {
    let (isolate, mut exchange) = (isolate(&[]), exchange("GET", "/api/products?utm_source=x"));
    assert_eq!(needs(&mut exchange, &isolate), Need::Cached);
    exchange.facts.kv = KvFact::Absent;
    assert_eq!(needs(&mut exchange, &isolate), Need::Origin);
    assert!(matches!(&exchange.cache, CacheView::Keyed(lookup) if lookup.key.as_str() == "/api/products"));
    exchange.facts.origin = Some(OriginFact::Failed(Failure::Timeout));
    assert_eq!(problem(answered(&mut exchange, &isolate)), ErrorCode::OriginTimeout);
}

#[test]
fn what_memory_holds_is_answered_without_io_until_its_life_ends() {
    let (isolate, key) = (isolate(&[]), "/api/products");
    remember(&isolate, key, entry(NOW.0 - 1_000));
    let answer = answered(&mut exchange("GET", key), &isolate);
    assert!(matches!(answer, Answer::Kept(_, CacheOutcome::Hit(Tier::Memory))));
    let old = "/api/products/1";
    remember(&isolate, old, entry(NOW.0 - 5_000));
    assert_eq!(needs(&mut exchange("GET", old), &isolate), Need::Cached);
}

#[test]
fn a_fresh_value_of_kv_is_answered_and_remembered_and_an_old_one_is_not() {
    let isolate = isolate(&[]);
    let mut first = exchange("GET", "/api/price/1");
    assert_eq!(needs(&mut first, &isolate), Need::Cached);
    first.facts.kv = KvFact::Found(entry(NOW.0 - 60_000));
    assert_eq!(needs(&mut first, &isolate), Need::Origin);
    let mut second = exchange("GET", "/api/price/1");
    assert_eq!(needs(&mut second, &isolate), Need::Cached);
    second.facts.kv = KvFact::Found(entry(NOW.0));
    assert!(matches!(answered(&mut second, &isolate), Answer::Kept(_, CacheOutcome::Hit(Tier::Kv))));
    assert!(matches!(
        answered(&mut exchange("GET", "/api/price/1"), &isolate),
        Answer::Kept(_, CacheOutcome::Hit(Tier::Memory))
    ));
}

#[test]
fn credentials_and_other_methods_go_past_the_cache() {
    let isolate = isolate(&[]);
    assert_eq!(needs(&mut exchange("POST", "/api/price"), &isolate), Need::Origin);
    let mut with_credentials = exchange("GET", "/api/products");
    with_credentials.inbound.has_authorization = true;
    assert_eq!(needs(&mut with_credentials, &isolate), Need::Origin);
    assert!(matches!(with_credentials.cache, CacheView::Bypass));
}

#[test]
fn a_body_is_read_and_counted_before_anything_else_is_done_with_it() {
    let isolate = isolate(&[("MAX_REQUEST_SIZE", "1024")]);
    let with_body = |length: Option<u64>| {
        let mut exchange = exchange("POST", "/api/price");
        (exchange.inbound.has_body, exchange.inbound.content_length) = (true, length);
        exchange
    };
    assert_eq!(needs(&mut with_body(Some(1_024)), &isolate), Need::Body);
    assert_eq!(problem(answered(&mut with_body(Some(1_025)), &isolate)), ErrorCode::PayloadTooLarge);
    let mut undeclared = with_body(None);
    assert_eq!(needs(&mut undeclared, &isolate), Need::Body);
    undeclared.facts.body = BodyFact::TooLarge;
    assert_eq!(problem(answered(&mut undeclared, &isolate)), ErrorCode::PayloadTooLarge);
    let mut broken = with_body(None);
    broken.facts.body = BodyFact::Broken;
    assert_eq!(problem(answered(&mut broken, &isolate)), ErrorCode::BadRequest);
}

#[test]
fn a_preflight_is_answered_by_the_list() {
    let isolate = isolate(&[]);
    let mut allowed = exchange("OPTIONS", "/api/price");
    allowed.inbound.origin = Some("http://localhost:5173".to_owned());
    allowed.inbound.requested_method = Some("POST".to_owned());
    assert!(matches!(answered(&mut allowed, &isolate), Answer::Made(Made { status: 204, .. })));
    let mut refused = exchange("OPTIONS", "/api/price");
    refused.inbound.origin = Some("http://evil.example".to_owned());
    refused.inbound.requested_method = Some("POST".to_owned());
    assert_eq!(problem(answered(&mut refused, &isolate)), ErrorCode::OriginNotAllowed);
    // A plain OPTIONS is a request like every other.
    assert_eq!(needs(&mut exchange("OPTIONS", "/api/price"), &isolate), Need::Origin);
}

#[test]
fn with_faulty_settings_every_route_says_so() {
    let isolate = isolate(&[("ORIGIN_URL", "nonsense")]);
    for (method, url) in
        [("GET", "/api/products"), ("GET", "/api/health"), ("POST", "/api/price"), ("GET", "/")]
    {
        assert_eq!(problem(answered(&mut exchange(method, url), &isolate)), ErrorCode::ConfigurationError);
    }
}

#[test]
fn liveness_needs_nobody() {
    let isolate = isolate(&[]);
    let answer = answered(&mut exchange("GET", "/api/health"), &isolate);
    let Answer::Made(made) = answer else { panic!("not made here") };
    assert_eq!(made.body.as_deref(), Some(r#"{"status":"ok","served_by":"edge"}"#));
    assert_eq!(needs(&mut exchange("GET", "/api/health/detailed"), &isolate), Need::Health);
}

#[test]
fn production_sends_http_to_https_and_development_does_not() {
    let production = isolate(&[
        ("ENVIRONMENT", "production"),
        ("FRONTEND_URL", "https://shop.example"),
        ("ORIGIN_URL", "https://origin.example"),
        ("EDGE_ORIGIN_SECRET", "5d8a1c7e2b40f938c1f0a7d2b9e4f603"),
        ("CLIENT_HASH_SECRET", "9f4b12d07c6ea853b1d0924fe7735ac8"),
    ]);
    let Answer::Made(made) = answered(&mut exchange("POST", "/api/price?a=b"), &production) else { panic!() };
    assert_eq!(made.status, 308);
    assert_eq!(made.headers[0], ("location", "https://edge/api/price?a=b".into()));
    let mut over_https = exchange("GET", "/api/products");
    over_https.inbound.url = "https://edge/api/products".to_owned();
    assert_eq!(needs(&mut over_https, &production), Need::Cached);
    assert_eq!(needs(&mut exchange("GET", "/api/products"), &isolate(&[])), Need::Cached);
}

const ADMIN: &str = "7b1e0c94d25f48a3b6c8e0f1a9d37254";

fn admin(method: &str, url: &str, credential: Presented) -> Exchange {
    let mut exchange = exchange(method, url);
    exchange.facts.credential = Some(credential);
    exchange
}

fn token(role: Role) -> Presented {
    Presented::Token(Claims::new(UserId(7), role, NOW, 60))
}

#[test]
fn admin_paths_are_closed_in_every_spelling() {
    let isolate = isolate(&[("ADMIN_TOKEN", ADMIN)]);
    for url in
        ["/api/admin/users", "/api/%61dmin/x", "//api//admin", "/api/admin/audit", "/api/admin/cache/x"]
    {
        assert_eq!(needs(&mut exchange("GET", url), &isolate), Need::Credential, "{url}");
        let refused = |credential| problem(answered(&mut admin("GET", url, credential), &isolate));
        assert_eq!(refused(Presented::Nothing), ErrorCode::Unauthorized, "{url}");
        assert_eq!(refused(Presented::Invalid(String::new())), ErrorCode::Unauthorized, "{url}");
        assert_eq!(refused(token(Role::User)), ErrorCode::Forbidden, "{url}");
        assert_eq!(refused(token(Role::Viewer)), ErrorCode::Forbidden, "{url}");
    }
}

#[test]
fn an_admin_is_believed_by_the_hubs_word_alone() {
    let isolate = isolate(&[("ADMIN_TOKEN", ADMIN)]);
    let asked = |credential: Presented, reply: Result<Reply, Away>| {
        let mut exchange = admin("GET", "/api/admin/users", credential);
        assert_eq!(needs(&mut exchange, &isolate), Need::Hub);
        exchange.facts.hub = Some(reply);
        (advance(&mut exchange, &isolate), exchange)
    };
    for credential in [Presented::AdminToken, token(Role::Admin)] {
        let (progress, _) = asked(credential.clone(), Ok(Reply::NotBefore(None)));
        assert!(matches!(progress, Progress::Needs(Need::Origin)));
        let (progress, exchange) = asked(credential, Err(Away));
        let Progress::Answered(answer) = progress else { panic!("believed without the Hub") };
        assert_eq!(problem(answer), ErrorCode::HubUnavailable);
        assert!(exchange.admin.is_some(), "it is audited");
    }
    let (progress, _) = asked(token(Role::Admin), Ok(Reply::NotBefore(Some(NOW.0))));
    let Progress::Answered(answer) = progress else { panic!("a revoked token is believed") };
    assert_eq!(problem(answer), ErrorCode::Unauthorized);
    let (progress, _) = asked(token(Role::Admin), Ok(Reply::NotBefore(Some(NOW.0 - 1))));
    assert!(matches!(progress, Progress::Needs(Need::Origin)), "it was made after the revocation");
}

#[test]
fn an_edge_that_knows_no_admin_opens_nothing_of_its_own() {
    let isolate = isolate(&[]);
    assert_eq!(needs(&mut exchange("GET", "/api/admin/users"), &isolate), Need::Origin);
    let mut own = admin("GET", "/api/admin/audit", Presented::Invalid(String::new()));
    assert_eq!(problem(answered(&mut own, &isolate)), ErrorCode::Unauthorized);
}

#[test]
fn the_audit_is_read_with_the_reading_recorded_in_it() {
    let isolate = isolate(&[("ADMIN_TOKEN", ADMIN)]);
    let mut reading = admin("GET", "/api/admin/audit?limit=7", Presented::AdminToken);
    assert_eq!(needs(&mut reading, &isolate), Need::Hub);
    assert_eq!(reading.to_hub, Some(Call::Check { subject: None }));
    reading.facts.hub = Some(Ok(Reply::NotBefore(None)));
    assert_eq!(needs(&mut reading, &isolate), Need::Hub);
    let Some(Call::Records { entry, limit: 7, before: None }) = reading.to_hub.take() else { panic!() };
    assert_eq!((&*entry.who, &*entry.what, &*entry.result), ("admin-token", "GET /api/admin/audit", "200"));
    reading.facts.hub = Some(Ok(Reply::Records { records: Vec::new(), has_more: false, chain_ok: true }));
    assert!(matches!(answered(&mut reading, &isolate), Answer::Made(Made { status: 200, .. })));
}

#[test]
fn nothing_internal_but_a_signed_delivery_gets_anywhere() {
    let isolate = isolate(&[("EDGE_ORIGIN_SECRET", ADMIN)]);
    for url in ["/internal", "/internal/v1", "/internal/v1/events/"] {
        assert_eq!(
            problem(answered(&mut exchange("POST", url), &isolate)),
            ErrorCode::RouteNotFound,
            "{url}"
        );
    }
    let events = "/internal/v1/events";
    assert!(matches!(answered(&mut exchange("GET", events), &isolate), Answer::NotAllowed("POST")));
    let mut unsigned = exchange("POST", events);
    assert_eq!(needs(&mut unsigned, &isolate), Need::Delivery);
    let body = DeliveryBody::Read(br#"{"v":1,"events":[]}"#.to_vec());
    unsigned.facts.delivery = Some(DeliveryFact { signature_input: None, signature: None, body });
    assert_eq!(problem(answered(&mut unsigned, &isolate)), ErrorCode::Unauthorized);
    assert_eq!(unsigned.to_hub, None);
}

#[test]
fn a_delivery_is_acknowledged_when_the_hub_has_taken_it() {
    let isolate = isolate(&[("EDGE_ORIGIN_SECRET", ADMIN)]);
    let keys = KeyRing { current: SharedSecret::parse(ADMIN).unwrap(), previous: None };
    let signed = || {
        let mut exchange = exchange("POST", "/internal/v1/events");
        let body = br#"{"v":1,"events":[]}"#;
        let message = Message {
            method: "POST",
            path: "/internal/v1/events",
            query: "",
            client: None,
            correlation_id: &exchange.correlation_id.clone(),
            body: Some(body),
        };
        let nonce = Nonce::parse("nonce-of-a-delivery").unwrap();
        let signed = sign(Profile::OriginToEdge, &message, &keys, NOW.0 / 1_000, Some(&nonce));
        let (input, signature) = (Some(signed.signature_input), Some(signed.signature));
        let body = DeliveryBody::Read(body.to_vec());
        exchange.facts.delivery = Some(DeliveryFact { signature_input: input, signature, body });
        assert_eq!(needs(&mut exchange, &isolate), Need::Hub);
        exchange
    };
    let after = |reply: Result<Reply, Away>| {
        let mut exchange = signed();
        exchange.facts.hub = Some(reply);
        answered(&mut exchange, &isolate)
    };
    let Answer::Made(made) = after(Ok(Reply::Taken { epoch: 41, at_ms: NOW.0 })) else { panic!("not taken") };
    assert_eq!(
        made.body.as_deref(),
        Some(r#"{"done":[],"refused":[],"epoch":41,"visible_by":"2026-09-21T14:13:22.5Z"}"#)
    );
    assert_eq!(problem(after(Ok(Reply::Replayed))), ErrorCode::SignatureReplayed);
    assert_eq!(problem(after(Err(Away))), ErrorCode::HubUnavailable);
}
