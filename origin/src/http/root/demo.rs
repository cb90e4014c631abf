//! The demo shop: one page, put together from `origin/demo/`.

use crate::http::page::Page;
use std::sync::LazyLock;

const SKELETON: &str = include_str!("../../../demo/index.html");
const STYLE: &str = include_str!("../../../demo/shop.css");
const SCRIPT: &str = include_str!("../../../demo/shop.js");

/// The page.
pub(super) static PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(SKELETON, STYLE, SCRIPT));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_exactly_what_its_policy_allows() {
        crate::http::page::check(&PAGE, SKELETON, STYLE, SCRIPT);
    }
}
