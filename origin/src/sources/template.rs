//! URL templates: `https://shop.example/api/{product_id}?brand={brand}`.
//!
//! The host is written out: no product, wherever its fields come from, decides whom the origin calls.

use crate::store::products::StoredProduct;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

/// A URL with places for a product's fields.
#[derive(Debug, Clone)]
pub struct Template {
    parts: Vec<Part>,
    host: String,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Field(Field),
}

#[derive(Debug, Clone, Copy)]
enum Field {
    ProductId,
    Name,
    Brand,
    Model,
    Category,
}

const FIELDS: [(&str, Field); 5] = [
    ("product_id", Field::ProductId),
    ("name", Field::Name),
    ("brand", Field::Brand),
    ("model", Field::Model),
    ("category", Field::Category),
];

/// All but the unreserved characters of RFC 3986 §2.3: a field cannot leave its place in the URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Template {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let rest = rest.ok_or("must begin with http:// or https://")?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.contains(['{', '}', '@']) {
            return Err("must have its host written out, without fields, user or password".to_owned());
        }
        let sample: String = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text,
                Part::Field(_) => "x",
            })
            .collect();
        let url = Url::parse(&sample).map_err(|error| format!("is no URL: {error}"))?;
        let host = url.host_str().ok_or("has no host")?.to_owned();
        Ok(Self { parts, host })
    }

    /// The host that is called.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The URL of `product`; `None` when it lacks a field that the template names, or has one (`..`) that would
    /// change the path.
    pub fn fill(&self, product: &StoredProduct) -> Option<Url> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Field(field) => {
                    let value = field.of(product).trim();
                    if value.bytes().all(|byte| byte == b'.') {
                        return None;
                    }
                    text.extend(utf8_percent_encode(value, ENCODED));
                }
            }
        }
        Url::parse(&text).ok()
    }
}

impl Field {
    fn of(self, product: &StoredProduct) -> &str {
        match self {
            Self::ProductId => product.product_id.as_str(),
            Self::Name => &product.name,
            Self::Brand => &product.brand,
            Self::Model => product.model.as_deref().unwrap_or_default(),
            Self::Category => &product.category,
        }
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or("has a { without }")?;
        let field = FIELDS.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            format!("names the field {name:?}; there are {}", known.join(", "))
        })?;
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Field(field.1));
        rest = behind;
    }
    if rest.contains('}') {
        return Err("has a } without {".to_owned());
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::{id::ProductId, prices::PriceRule};

    fn product(id: &str, brand: &str) -> StoredProduct {
        StoredProduct {
            product_id: ProductId::parse(id).unwrap(),
            position: 1,
            name: "Tea & Co".to_owned(),
            brand: brand.to_owned(),
            model: None,
            category: String::new(),
            last_known: None,
            margin: None,
            rule: PriceRule::default(),
            is_active: true,
            price: None,
        }
    }

    #[test]
    fn a_field_stays_in_its_place() {
        let template = Template::parse("https://Shop.example:8443/p/{product_id}/x?q={brand}").unwrap();
        assert_eq!(template.host(), "shop.example");
        let url = template.fill(&product("a.b", "?/&#@é\\")).unwrap();
        assert_eq!(url.as_str(), "https://shop.example:8443/p/a.b/x?q=%3F%2F%26%23%40%C3%A9%5C");
        assert!(template.fill(&product("..", "b")).is_none(), "it would climb");
        assert!(template.fill(&product("1", "")).is_none(), "this source cannot be asked about it");
    }

    #[test]
    fn the_host_is_literal() {
        for bad in [
            "https://{brand}.example/",
            "https://shop.example{name}",
            "ftp://x/",
            "shop.example/{name}",
            "https://",
            "https://u:p@shop.example/",
            "https://shop.example/{price}",
            "https://shop.example/{name",
            "http://x/}",
            "https://shop.example\\@10.0.0.1/{brand}@x/..{",
            "https://a b/",
        ] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }
}
