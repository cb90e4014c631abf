//! Vary, and the variants it makes. The first line is the field, the others are values of the request.

use valora_shared::cache::{Lifetimes, Policy, Rows, variant, vary_names};

use super::{Target, equal, holds, text};

pub(super) const TARGET: Target = Target {
    name: "vary",
    dictionary: &[
        "*",
        ", ",
        "accept-language",
        "Accept-Encoding",
        "origin",
        "en;q=0.5",
        "\n",
        "cookie",
        "user-agent",
    ],
    check,
};

fn check(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    let (field, value) = text.split_once('\n').unwrap_or((&text, ""));
    let table = Lifetimes::new(300, &Rows::default());
    for policy in [Policy::Proxy, Policy::Shop(&table)] {
        let Some(names) = vary_names(policy, Some(field)) else {
            let is_strange = |c: char| !c.is_ascii_alphanumeric() && !",-".contains(c);
            holds("what names fields alone has names", field.contains(is_strange))?;
            continue;
        };
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        equal("sorted, each once", &names, &sorted)?;
        holds("lower case", names.iter().all(|name| !name.bytes().any(|byte| byte.is_ascii_uppercase())))?;
        equal("read again", &vary_names(policy, Some(&names.join(", "))), &Some(names.clone()))?;
        let of = |value: &str| variant(&names, |_| Some(value.to_owned()));
        equal("blanks around say nothing", &of(&format!(" {value}\t")), &of(value))?;
        holds("present is not absent", names.is_empty() || of(value) != variant(&names, |_| None))?;
    }
    Ok(())
}
