//! The demo shop: one page, put together from `origin/demo/` with its style and script inside.

use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const SKELETON: &str = include_str!("../../../demo/index.html");
const STYLE: &str = include_str!("../../../demo/shop.css");
const SCRIPT: &str = include_str!("../../../demo/shop.js");

/// The page.
pub(super) static PAGE: LazyLock<String> =
    LazyLock::new(|| SKELETON.replace("/*style*/", STYLE).replace("/*script*/", SCRIPT));

/// Its Content-Security-Policy: exactly this style and this script, and requests to where it came from.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
});

fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_exactly_what_its_policy_allows() {
        assert!(PAGE.contains(&format!("<style>{STYLE}</style>")));
        assert!(PAGE.contains(&format!("<script>{SCRIPT}</script>")));
        assert!(!POLICY.contains("unsafe"));
        // Neither may be loaded or written inline anywhere else.
        assert!(!SKELETON.contains("style=") && !SKELETON.contains(" on"));
    }
}
