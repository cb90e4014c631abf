use crate::support::{PRODUCTION, TestApp};

#[tokio::test]
async fn development_has_the_document_and_its_page() {
    let app = TestApp::new().await;
    assert_eq!(app.json("/openapi.json").await, valora_origin::openapi::document());
    let page = app.get("/docs").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'sha256-"));
    assert!(!page.text().contains("http:") && !page.text().contains("https:"), "nothing from elsewhere");
}

#[tokio::test]
async fn production_has_neither() {
    let app = TestApp::with(&PRODUCTION).await;
    for target in ["/openapi.json", "/docs"] {
        let answer = app.get(target).await;
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (404, Some("RouteNotFound")));
    }
}
