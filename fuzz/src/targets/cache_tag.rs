//! Cache-Tag.

use valora_shared::cache::tags;

use super::{Target, equal, holds, text};

pub(super) const TARGET: Target = Target {
    name: "cache-tag",
    dictionary: &["product:", "category:", "products", ", ", ",,", "\"a,b\""],
    check,
};

fn check(input: &[u8]) -> Result<(), String> {
    let text = &*text(input);
    let read = tags(Some(text));
    holds("no empty tag", read.iter().all(|tag| !tag.is_empty()))?;
    holds("trimmed", read.iter().all(|tag| tag.trim_matches([' ', '\t']) == *tag))?;
    holds("sorted, each once", read.is_sorted_by(|a, b| a < b))?;
    // An open quote swallows what follows, so the order must stay; one tag by itself is that tag.
    for tag in &read {
        equal("a tag is one tag", &tags(Some(tag)), &vec![*tag])?;
    }
    holds("in front of all", tags(Some(&format!("products, {text}"))).contains(&"products"))
}
