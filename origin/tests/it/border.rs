//! What the edge's signature opens, and that nothing else does (design: trust.md).

use crate::support::{Answer, TestApp};
use axum::body::Body;
use http::{Request, StatusCode};
use valora_shared::{
    config::Setting,
    id::CorrelationId,
    trust::{Client, KeyRing, Message, Nonce, Profile, SharedSecret, Signed, sign},
};

const SECRET: &str = "a secret of thirty-two bytes or more";
const PRICE: &str = r#"{"product_id":"1"}"#;

/// A request as the edge sends it, with one thing to change about it.
struct EdgeRequest {
    method: &'static str,
    target: &'static str,
    body: Option<&'static str>,
    nonce: &'static str,
    created_offset: i64,
    secret: &'static str,
}

const GET: EdgeRequest = EdgeRequest {
    method: "GET",
    target: "/api/products",
    body: None,
    nonce: "nonce-nonce-nonce-1",
    created_offset: 0,
    secret: SECRET,
};
const POST: EdgeRequest = EdgeRequest { method: "POST", target: "/api/price", body: Some(PRICE), ..GET };

impl EdgeRequest {
    fn signed(&self, app: &TestApp) -> Signed {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let message = Message {
            method: self.method,
            path,
            query,
            client: Some(&Client::parse("ip:203.0.113.7").unwrap()),
            correlation_id: &CorrelationId::parse("edge-correlation-id").unwrap(),
            body: self.body.map(str::as_bytes),
        };
        let keys = KeyRing { current: SharedSecret::parse(self.secret).unwrap(), previous: None };
        let nonce = (self.method == "POST").then(|| Nonce::parse(self.nonce).unwrap());
        let created = app.clock.now().0 / 1_000 + self.created_offset;
        sign(Profile::EdgeToOrigin, &message, &keys, created, nonce.as_ref())
    }

    fn request(&self, app: &TestApp) -> Request<Body> {
        let signed = self.signed(app);
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.target)
            .header("content-type", "application/json")
            .header("x-valora-client", "ip:203.0.113.7")
            .header("x-correlation-id", "edge-correlation-id")
            .header("signature-input", &signed.signature_input)
            .header("signature", &signed.signature);
        if let Some(digest) = &signed.content_digest {
            request = request.header("content-digest", digest);
        }
        request.body(self.body.map_or_else(Body::empty, Body::from)).unwrap()
    }
}

async fn app() -> TestApp {
    TestApp::with(&[("EDGE_ORIGIN_SECRET", SECRET)]).await
}

/// A direct answer has the origin's own security headers; the edge puts its own on a signed one.
#[track_caller]
fn assert_direct(answer: &Answer, is_direct: bool) {
    assert_eq!(answer.headers.contains_key("x-frame-options"), is_direct, "{:?}", answer.headers);
    assert_eq!(answer.headers.contains_key("vary"), is_direct);
}

#[tokio::test]
async fn a_signed_request_is_the_edges_and_an_unsigned_one_direct() {
    let app = app().await;
    let answer = app.send(GET.request(&app)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["x-correlation-id"], "edge-correlation-id");
    assert_direct(&answer, false);
    assert_direct(&app.get("/api/products").await, true);
}

#[tokio::test]
async fn an_edge_that_is_told_of_purges_may_keep_what_changes_and_any_other_five_seconds() {
    let missing = EdgeRequest { target: "/api/products/none", ..GET };
    for (settings, expected, expected_missing) in [
        (&[("EDGE_ORIGIN_SECRET", SECRET)][..], "max-age=5", "max-age=5"),
        (
            &[("EDGE_ORIGIN_SECRET", SECRET), ("EDGE_URL", "https://edge.example")],
            "max-age=600, stale-while-revalidate=60, stale-if-error=86400",
            "max-age=300, stale-while-revalidate=60, stale-if-error=86400",
        ),
    ] {
        let app = TestApp::with(settings).await;
        let answer = app.send(GET.request(&app)).await;
        assert_eq!(answer.header("cdn-cache-control"), Some(expected));
        assert_eq!(answer.header("cache-tag"), Some("products"));
        let answer = app.send(missing.request(&app)).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (404, Some("no-cache")));
        assert_eq!(answer.header("cdn-cache-control"), Some(expected_missing));
        assert_eq!(answer.header("cache-tag"), Some("product:none"));
    }
}

#[tokio::test]
async fn a_signed_change_works_once() {
    let app = app().await;
    assert_eq!(app.send(POST.request(&app)).await.status, StatusCode::OK);
    let again = app.send(POST.request(&app)).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert_eq!(again.json()["error"], "SignatureReplayed");
    let next = EdgeRequest { nonce: "nonce-nonce-nonce-2", ..POST };
    assert_eq!(app.send(next.request(&app)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_read_may_be_repeated() {
    let app = app().await;
    for _ in 0..3 {
        assert_direct(&app.send(GET.request(&app)).await, false);
    }
}

#[tokio::test]
async fn a_forged_old_or_foreign_signature_makes_a_direct_request_and_no_more() {
    let app = app().await;
    let other_key = EdgeRequest { secret: "another secret of thirty-two bytes!!", ..GET };
    let old = EdgeRequest { created_offset: -61, ..GET };
    let early = EdgeRequest { created_offset: 61, ..GET };
    for request in [other_key, old, early] {
        assert_direct(&app.send(request.request(&app)).await, true);
    }
    for name in ["signature", "signature-input", "x-valora-client", "x-correlation-id"] {
        let mut request = GET.request(&app);
        request.headers_mut().remove(name);
        assert_direct(&app.send(request).await, true);
    }
    let mut twice = GET.request(&app);
    twice.headers_mut().append("x-valora-client", "user:1".parse().unwrap());
    assert_direct(&app.send(twice).await, true);
}

#[tokio::test]
async fn a_changed_body_client_or_target_breaks_the_signature() {
    let app = app().await;
    let mut request = POST.request(&app);
    *request.body_mut() = Body::from(r#"{"product_id":"2"}"#);
    assert_direct(&app.send(request).await, true);
    let mut request = POST.request(&app);
    request.headers_mut().insert("x-valora-client", "user:1".parse().unwrap());
    assert_direct(&app.send(request).await, true);
    let mut request = GET.request(&app);
    *request.uri_mut() = "/api/products?limit=1".parse().unwrap();
    assert_direct(&app.send(request).await, true);
    let mut request = GET.request(&app);
    let without = request.headers()["signature-input"].to_str().unwrap().replace(" \"x-valora-client\"", "");
    request.headers_mut().insert("signature-input", without.parse().unwrap());
    assert_direct(&app.send(request).await, true);
}

#[tokio::test]
async fn without_a_secret_nothing_is_believed() {
    let app = TestApp::new().await;
    assert_direct(&app.send(GET.request(&app)).await, true);
}

#[tokio::test]
async fn a_rotation_accepts_the_previous_key() {
    let app = TestApp::with(&[
        ("EDGE_ORIGIN_SECRET", "the new secret of thirty-two bytes!!"),
        ("EDGE_ORIGIN_SECRET_PREVIOUS", SECRET),
    ])
    .await;
    assert_direct(&app.send(GET.request(&app)).await, false);
}

#[tokio::test]
async fn the_deadline_ends_the_work() {
    let app = app().await;
    let mut request = GET.request(&app);
    request.headers_mut().insert("x-valora-deadline-ms", "0".parse().unwrap());
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(answer.json()["error"], "OriginTimeout");
}
