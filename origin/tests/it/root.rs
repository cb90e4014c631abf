use crate::support::{TestApp, bare};

#[tokio::test]
async fn a_program_gets_json_and_a_browser_the_demo_shop() {
    let app = TestApp::new().await;
    let json = app.get("/").await;
    insta::assert_snapshot!(json.text(), @r#"{"service":"VALORA","version":"0.1.0","status":"running","environment":"development","docs":"/docs"}"#);
    let page =
        app.send(bare("GET", "/", &[("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")])).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'sha256-"));
    assert!(page.text().contains("<title>VALORA demo shop</title>"));
    for answer in [&json, &page] {
        let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
        assert_eq!(vary, ["Accept", "Origin"]);
    }
}

#[tokio::test]
async fn health_is_told_in_the_form_of_the_contract() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/api/health").await.text(), r#"{"status":"ok"}"#);
    let health = app.json("/api/health/detailed").await;
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["timestamp"], "2026-09-21T14:13:20Z");
    insta::assert_snapshot!(health["services"]["redis"], @r#"{"response_time_ms":null,"status":"not configured","type":"redis"}"#);
    assert_eq!(health["services"]["database"]["type"], "sqlite");
    assert!(health["system"]["memory"]["total_bytes"].as_u64().unwrap() > 0);
    assert!(health["system"]["cpu"]["count"].as_u64().unwrap() > 0);
    assert_eq!(health["metrics_summary"]["requests_total"], 1);
}
