//! What an answer shows, as purges name it. docs/CACHING.md has the table of which answer has which tags.

use http::HeaderValue;
use valora_shared::{
    events::{PRODUCTS_TAG, category_tag, product_tag},
    id::ProductId,
};

/// The members of a Cache-Tag.
#[derive(Debug, Clone)]
pub(crate) struct Tags(String);

impl Tags {
    /// Something about one product, its absence included.
    pub(crate) fn product(id: &ProductId) -> Self {
        Self(product_tag(id))
    }

    /// Something about each of these products, which are at least one.
    pub(super) fn products_of(ids: &[ProductId]) -> Self {
        Self(ids.iter().map(product_tag).collect::<Vec<_>>().join(","))
    }

    /// A list of products, or what is counted over all of them: every change of a product purges it, so it needs no
    /// tag for each one in it.
    pub(super) fn list() -> Self {
        Self(PRODUCTS_TAG.to_owned())
    }

    /// A list of one category.
    pub(super) fn list_of(category: &str) -> Self {
        Self(format!("{PRODUCTS_TAG},{}", category_tag(category)))
    }

    /// Both.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.push(',');
        self.0.push_str(&other.0);
        self
    }

    /// As a field's value.
    pub(crate) fn to_value(&self) -> HeaderValue {
        // Tags are visible ASCII, whatever they were made of; should one ever not be, the answer counts as a list.
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static(PRODUCTS_TAG))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_everything_it_shows() {
        let id = |text| ProductId::parse(text).unwrap();
        assert_eq!(Tags::products_of(&[id("1"), id("b")]).to_value(), "product:1,product:b");
        assert_eq!(Tags::product(&id("1")).and(&Tags::list()).to_value(), "product:1,products");
        assert_eq!(Tags::list_of("Home, é").to_value(), "products,category:Home%2C%20%C3%A9");
    }
}
