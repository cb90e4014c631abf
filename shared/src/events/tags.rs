//! What answers are tagged with, and purged by.

use crate::id::ProductId;
use std::fmt::Write as _;

/// Of every list of products.
pub const PRODUCTS_TAG: &str = "products";

/// A longer name is cut: then categories share a tag, and one is purged with the other.
const MAX_NAME_BYTES: usize = 240;

/// Of everything that shows the product.
pub fn product_tag(id: &ProductId) -> String {
    format!("product:{id}")
}

/// Of lists of the category. Names hold anything, a tag no spaces and no comma, so bytes other than letters, digits
/// and `-._` are percent-encoded.
pub fn category_tag(name: &str) -> String {
    let mut tag = "category:".to_owned();
    for byte in name.bytes() {
        if tag.len() > MAX_NAME_BYTES {
            break;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            tag.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(tag, "%{byte:02X}");
        }
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_of_any_name_has_a_tag() {
        assert_eq!(category_tag("Phones"), "category:Phones");
        assert_eq!(category_tag("Home & Kitchen, é"), "category:Home%20%26%20Kitchen%2C%20%C3%A9");
        assert_eq!(category_tag(""), "category:");
        assert!(category_tag(&" ".repeat(1_000)).len() <= 256);
    }
}
