//! Pages of our own: one document each, put together with its style and script inside.

use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use http::{HeaderValue, header};
use sha2::{Digest, Sha256};

/// A page and its Content-Security-Policy.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) html: String,
    /// Exactly this style and this script, and requests to where it came from.
    pub(super) policy: String,
}

impl Page {
    pub(super) fn new(skeleton: &str, style: &str, script: &str) -> Self {
        Self {
            html: skeleton.replace("/*style*/", style).replace("/*script*/", script),
            policy: format!(
                "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; \
                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                hash(script),
                hash(style)
            ),
        }
    }

    pub(super) fn answer(&self) -> Response {
        let mut response = self.html.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Ok(policy) = HeaderValue::from_str(&self.policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
}

/// For the tests of pages: holds exactly what its policy allows.
#[cfg(test)]
pub(super) fn check(page: &Page, skeleton: &str, style: &str, script: &str) {
    assert!(page.html.contains(&format!("<style>{style}</style>")));
    assert!(page.html.contains(&format!("<script>{script}</script>")));
    assert!(!page.policy.contains("unsafe"));
    // Neither may be loaded or written inline anywhere else.
    assert!(!skeleton.contains("style=") && !skeleton.contains(" on"));
}
