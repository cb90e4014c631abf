use crate::support::{Answer, TestApp, bare, request};
use axum::body::Body;
use bytes::Bytes;
use serde_json::json;

fn told(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text());
    // Only what is missing may be kept, and only on routes that are.
    if answer.status != 404 {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_unknown_route_is_a_problem_with_every_field() {
    let answer = TestApp::new().await.get("/nope?x=1").await;
    insta::assert_snapshot!(answer.text(), @r#"{"type":"/errors/RouteNotFound","title":"Route not found","status":404,"detail":"There is nothing at this path.","instance":"/nope","error":"RouteNotFound","message":"There is nothing at this path.","path":"/nope","correlation_id":"test-0001"}"#);
}

#[tokio::test]
async fn every_faulty_field_is_named_at_once() {
    let app = TestApp::new().await;
    let answer = app.post_price(r#"{"product_id":7,"margin_percent":90.01}"#).await;
    assert_eq!(told(&answer), (422, "ValidationError".to_owned()));
    insta::assert_snapshot!(answer.json()["errors"], @r#"[{"field":"product_id","message":"must be a string"},{"field":"margin_percent","message":"must be a percentage from 0 to 90 with at most 2 decimals"}]"#);
    insta::assert_snapshot!(answer.json()["details"][0], @r#"{"loc":["body","product_id"],"msg":"must be a string","type":"value_error"}"#);
    let answer = app.get("/api/products?limit=0&cursor=x").await;
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 2);
    let answer = app.get("/api/products/a%20b").await;
    assert_eq!(answer.json()["details"][0]["loc"], json!(["path", "product_id"]));
}

#[tokio::test]
async fn faulty_bodies_have_their_own_errors() {
    let app = TestApp::new().await;
    for (body, expected) in [
        ("{", (400, "BadRequest")),
        ("", (400, "BadRequest")),
        ("{\"product_id\":\"1\"} x", (400, "BadRequest")),
        ("\u{0}", (400, "BadRequest")),
        ("[]", (422, "ValidationError")),
        ("7", (422, "ValidationError")),
        ("{}", (422, "ValidationError")),
        ("{\"product_id\":\"1\",\"product_id\":\"2\"}", (422, "ValidationError")),
        ("{\"product_id\":\"a/b\"}", (422, "ValidationError")),
        ("{\"product_id\":\"1\",\"margin_percent\":1e400}", (422, "ValidationError")),
        ("{\"product_id\":\"1\",\"margin_percent\":\"1.234\"}", (422, "ValidationError")),
    ] {
        let (status, error) = told(&app.post_price(body).await);
        assert_eq!((status, error.as_str()), expected, "{body}");
    }
    let form = request("POST", "/api/price", &[("content-type", "application/x-www-form-urlencoded")]);
    let answer = app.send(form.body(Body::from("product_id=1")).unwrap()).await;
    assert_eq!(told(&answer), (415, "UnsupportedMediaType".to_owned()));
    let none = request("POST", "/api/price", &[]).body(Body::from("{}")).unwrap();
    assert_eq!(told(&app.send(none).await).0, 415);
    let broken = [("content-type", "application/json")];
    let not_text = request("POST", "/api/price", &broken).body(Body::from(vec![b'"', 0xff, b'"'])).unwrap();
    assert_eq!(told(&app.send(not_text).await).0, 400);
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_whether_it_says_so_or_not() {
    let app = TestApp::with(&[("MAX_REQUEST_SIZE", "1024")]).await;
    let json_type = ("content-type", "application/json");
    let declared = request("POST", "/api/price", &[json_type, ("content-length", "1025")]);
    let answer = app.send(declared.body(Body::empty()).unwrap()).await;
    assert_eq!(told(&answer), (413, "PayloadTooLarge".to_owned()));
    assert_eq!(answer.json()["max_size_bytes"], 1024);
    let chunks =
        futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 100])));
    let streamed = request("POST", "/api/price", &[json_type]).body(Body::from_stream(chunks)).unwrap();
    assert_eq!(told(&app.send(streamed).await), (413, "PayloadTooLarge".to_owned()));
    let fits = format!("{{\"product_id\":\"1\"}}{}", " ".repeat(1000));
    assert_eq!(app.post_price(fits).await.status, 200);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = TestApp::new().await;
    for (method, target, allow) in [
        ("PUT", "/api/products", "GET,HEAD,POST"),
        ("DELETE", "/api/products/1/price", "GET,HEAD"),
        ("GET", "/api/price", "POST"),
        ("OPTIONS", "/api/products", "GET,HEAD,POST"),
        ("PUT", "/", "GET,HEAD"),
    ] {
        let answer = app.send(bare(method, target, &[])).await;
        assert_eq!(told(&answer), (405, "MethodNotAllowed".to_owned()), "{method} {target}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {target}");
    }
}

#[tokio::test]
async fn paths_and_queries_that_are_no_text_are_bad_requests() {
    let app = TestApp::new().await;
    for target in [
        "/api/products/%FF",
        "/api/price/%C3%28",
        "/errors/%ff",
        "/api/products?limit=%",
        "/api/prices?ids=%ff",
    ] {
        assert_eq!(told(&app.get(target).await), (400, "BadRequest".to_owned()), "{target}");
    }
    assert_eq!(told(&app.get("/api/products/%zz").await).0, 422);
    assert_eq!(told(&app.get("/api/products/").await).0, 404);
    assert_eq!(told(&app.get("/api/products/1/").await).0, 404);
    assert_eq!(told(&app.get("//api/products").await).0, 404);
}

#[tokio::test]
async fn a_broken_database_reveals_nothing() {
    let app = TestApp::new().await;
    app.sql("ALTER TABLE products RENAME TO elsewhere").await;
    for target in ["/api/products", "/api/products/1", "/api/prices?ids=1"] {
        let answer = app.get(target).await;
        assert_eq!(told(&answer), (500, "InternalError".to_owned()), "{target}");
        assert!(
            !answer.text().contains("elsewhere") && !answer.text().contains("table"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(app.state.counts.get(), (3, 3));
}

#[tokio::test]
async fn a_database_that_is_gone_makes_the_origin_unready_but_alive() {
    let app = TestApp::new().await;
    app.state.store.close().await;
    let answer = app.get("/readyz").await;
    assert_eq!(told(&answer), (503, "DatabaseUnavailable".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(app.json("/api/health/detailed").await["status"], "unhealthy");
    assert_eq!(app.get("/livez").await.status, 200);
}

#[tokio::test]
async fn each_error_explains_itself() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("/errors/PayloadTooLarge").await.text(), @r#"{"error":"PayloadTooLarge","status":413,"title":"Payload too large","cause":"The body is longer than the limit, which `max_size_bytes` names.","cure":"Send less, or raise the limit.","variables":["MAX_REQUEST_SIZE"]}"#);
    assert_eq!(told(&app.get("/errors/Nonsense").await).0, 404);
}
