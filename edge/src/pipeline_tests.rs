//! The list of steps, walked natively: what can be decided without the platform is decided here.

use super::*;
use crate::{
    answer::{Made, Tier},
    cache::Entry,
    exchange::{BodyFact, CacheView, Inbound, KvFact},
    settings::Settings,
    upstream::Failure,
};
use std::{collections::HashMap, rc::Rc};
use valora_shared::{cache::Envelope, problem::ErrorCode, time::UnixMillis};
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
    Exchange::new(inbound, NOW, || "random-correlation-id".to_owned())
}

fn entry(stored_at: i64) -> Rc<Entry> {
    Rc::new(Entry::new(Envelope::new(200, UnixMillis(stored_at), 5, Vec::new()), JsValue::NULL, 10))
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
    assert_eq!(needs(&mut exchange, &isolate), Need::Kv);
    exchange.facts.kv = KvFact::Absent;
    assert_eq!(needs(&mut exchange, &isolate), Need::Origin);
    assert!(matches!(&exchange.cache, CacheView::Keyed(key) if key.as_str() == "/api/products"));
    exchange.facts.origin = Some(Err(Failure::Timeout));
    assert_eq!(problem(answered(&mut exchange, &isolate)), ErrorCode::OriginTimeout);
}

#[test]
fn what_memory_holds_is_answered_without_io_until_its_life_ends() {
    let (isolate, key) = (isolate(&[]), "/api/products");
    isolate.remember(valora_shared::cache::CacheKey::from_url(key).unwrap(), entry(NOW.0 - 1_000));
    let answer = answered(&mut exchange("GET", key), &isolate);
    assert!(matches!(answer, Answer::Kept(_, Tier::Memory)));
    let old = "/api/products/1";
    isolate.remember(valora_shared::cache::CacheKey::from_url(old).unwrap(), entry(NOW.0 - 5_000));
    assert_eq!(needs(&mut exchange("GET", old), &isolate), Need::Kv);
}

#[test]
fn a_fresh_value_of_kv_is_answered_and_remembered_and_an_old_one_is_not() {
    let isolate = isolate(&[]);
    let mut first = exchange("GET", "/api/price/1");
    assert_eq!(needs(&mut first, &isolate), Need::Kv);
    first.facts.kv = KvFact::Found(entry(NOW.0 - 60_000));
    assert_eq!(needs(&mut first, &isolate), Need::Origin);
    let mut second = exchange("GET", "/api/price/1");
    assert_eq!(needs(&mut second, &isolate), Need::Kv);
    second.facts.kv = KvFact::Found(entry(NOW.0));
    assert!(matches!(answered(&mut second, &isolate), Answer::Kept(_, Tier::Kv)));
    assert!(matches!(
        answered(&mut exchange("GET", "/api/price/1"), &isolate),
        Answer::Kept(_, Tier::Memory)
    ));
}

#[test]
fn credentials_and_other_methods_go_past_the_cache() {
    let isolate = isolate(&[]);
    assert_eq!(needs(&mut exchange("POST", "/api/price"), &isolate), Need::Origin);
    let mut with_credentials = exchange("GET", "/api/products");
    with_credentials.inbound.has_authorization = true;
    assert_eq!(needs(&mut with_credentials, &isolate), Need::Origin);
    assert_eq!(with_credentials.cache, CacheView::Bypass);
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
    assert_eq!(made.body.as_deref(), Some(r#"{"served_by":"edge","status":"ok"}"#));
    assert_eq!(needs(&mut exchange("GET", "/api/health/detailed"), &isolate), Need::Health);
}

#[test]
fn production_sends_http_to_https_and_development_does_not() {
    let production = isolate(&[
        ("ENVIRONMENT", "production"),
        ("FRONTEND_URL", "https://shop.example"),
        ("ORIGIN_URL", "https://origin.example"),
        ("EDGE_ORIGIN_SECRET", "5d8a1c7e2b40f938c1f0a7d2b9e4f603"),
    ]);
    let Answer::Made(made) = answered(&mut exchange("POST", "/api/price?a=b"), &production) else { panic!() };
    assert_eq!(made.status, 308);
    assert_eq!(made.headers[0], ("location", "https://edge/api/price?a=b".into()));
    let mut over_https = exchange("GET", "/api/products");
    over_https.inbound.url = "https://edge/api/products".to_owned();
    assert_eq!(needs(&mut over_https, &production), Need::Kv);
    assert_eq!(needs(&mut exchange("GET", "/api/products"), &isolate(&[])), Need::Kv);
}
