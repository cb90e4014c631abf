use crate::support::{PRODUCTION, TestApp, bare};

#[tokio::test]
async fn a_cacheable_answer_has_exactly_these_headers() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("/api/products").await.head(), @r#"
    200
    cache-control: no-cache
    cache-tag: products
    cdn-cache-control: max-age=600, stale-while-revalidate=60, stale-if-error=86400
    content-length: 6327
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    etag: "rrbwp9KcQb8SLu9z"
    permissions-policy: camera=(), geolocation=(), microphone=(), payment=()
    ratelimit-policy: "minute";q=16777215;w=60,"hour";q=16777215;w=3600,"day";q=16777215;w=86400
    ratelimit: (counted)
    referrer-policy: strict-origin-when-cross-origin
    server-timing: (measured)
    vary: Origin
    x-cache: MISS
    x-content-type-options: nosniff
    x-correlation-id: test-0001
    x-frame-options: DENY
    x-ratelimit-limit-day: 16777215
    x-ratelimit-limit-hour: 16777215
    x-ratelimit-limit-minute: 16777215
    x-ratelimit-remaining-day: (counted)
    x-ratelimit-remaining-hour: (counted)
    x-ratelimit-remaining-minute: (counted)
    x-response-time: (measured)
    x-xss-protection: 0
    "#);
}

#[tokio::test]
async fn an_error_has_exactly_these_headers() {
    insta::assert_snapshot!(TestApp::new().await.get("/nope").await.head(), @r#"
    404
    cache-control: no-store
    content-length: 243
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/problem+json
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    permissions-policy: camera=(), geolocation=(), microphone=(), payment=()
    ratelimit-policy: "minute";q=16777215;w=60,"hour";q=16777215;w=3600,"day";q=16777215;w=86400
    ratelimit: (counted)
    referrer-policy: strict-origin-when-cross-origin
    server-timing: (measured)
    vary: Origin
    x-cache: BYPASS
    x-content-type-options: nosniff
    x-correlation-id: test-0001
    x-frame-options: DENY
    x-ratelimit-limit-day: 16777215
    x-ratelimit-limit-hour: 16777215
    x-ratelimit-limit-minute: 16777215
    x-ratelimit-remaining-day: (counted)
    x-ratelimit-remaining-hour: (counted)
    x-ratelimit-remaining-minute: (counted)
    x-response-time: (measured)
    x-xss-protection: 0
    "#);
}

#[tokio::test]
async fn what_is_not_cacheable_says_no_store() {
    let app = TestApp::new().await;
    for target in ["/", "/api/health", "/api/health/detailed", "/livez", "/readyz", "/errors/BadRequest"] {
        let answer = app.get(target).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("cache-control")),
            (200, Some("no-store")),
            "{target}"
        );
        assert_eq!(answer.header("cdn-cache-control"), None, "{target}");
    }
    let posted = app.post_price(r#"{"product_id":"1"}"#).await;
    assert_eq!(posted.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_storefronts_preflight_is_allowed_and_a_strangers_refused() {
    let app = TestApp::new().await;
    let preflight = |origin| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        bare("OPTIONS", "/api/price", &headers)
    };
    let allowed = app.send(preflight("http://localhost:5173")).await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("http://localhost:5173"));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("content-type"));
    assert!(allowed.body.is_empty());
    let refused = app.send(preflight("http://evil.example")).await;
    assert_eq!((refused.status.as_u16(), refused.json()["error"].as_str()), (403, Some("OriginNotAllowed")));
    assert_eq!(refused.header("access-control-allow-origin"), None);
    // A preflight is about the site, whatever the path.
    let headers = [("origin", "http://localhost:5173"), ("access-control-request-method", "GET")];
    assert_eq!(app.send(bare("OPTIONS", "/nope", &headers)).await.status, 204);
}

#[tokio::test]
async fn a_listed_page_may_read_answers_and_errors() {
    let app = TestApp::new().await;
    for target in ["/api/products", "/nope"] {
        let answer = app.send(bare("GET", target, &[("origin", "http://localhost:5173")])).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:5173"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert!(answer.header("access-control-expose-headers").unwrap().contains("x-correlation-id"));
    }
    let stranger = app.send(bare("GET", "/api/products", &[("origin", "http://evil.example")])).await;
    assert_eq!((stranger.status.as_u16(), stranger.header("access-control-allow-origin")), (200, None));
    assert!(stranger.header("x-valora-cors").unwrap().contains("FRONTEND_URL"));
}

#[tokio::test]
async fn production_sends_hsts_and_explains_nothing() {
    let app = TestApp::with(&PRODUCTION).await;
    let headers = [("origin", "http://localhost:5173"), ("accept", "text/html")];
    let answer = app.send(bare("GET", "/", &headers)).await;
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000; includeSubDomains"));
    assert_eq!(answer.header("x-valora-cors"), None);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.json()["environment"], "production");
}

#[tokio::test]
async fn a_valid_correlation_id_is_kept_and_any_other_replaced() {
    let app = TestApp::new().await;
    let with = |id| bare("GET", "/livez", &[("x-correlation-id", id)]);
    assert_eq!(app.send(with("checkout.42")).await.header("x-correlation-id"), Some("checkout.42"));
    let replaced = app.send(with("short")).await;
    assert_eq!(replaced.header("x-correlation-id").unwrap().len(), 36);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::new().await;
    app.get("/api/products").await;
    let head = app.send(bare("HEAD", "/api/products", &[])).await;
    assert!(head.body.is_empty());
    assert_eq!(head.head(), app.get("/api/products").await.head());
    let lost = app.send(bare("HEAD", "/nope", &[])).await;
    assert!(lost.body.is_empty());
    assert_eq!(lost.status, 404);
}
