//! Reads the sources file (`SOURCES_FILE`; origin/sources.example.toml documents it).

use super::{
    fields::{Fields, FileFault, line_of, text},
    spec::{HttpSpec, Place, SourceKind, SourceSpec},
    template::Template,
};
use http::{HeaderName, HeaderValue};
use scraper::Selector;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use valora_shared::{config::Source as Environment, money::Paise, prices::Confidence};

/// Of a price, so that neither it nor the sum leaves the range of prices.
const MAX_SHIPPING_PAISE: u64 = 1_000_000;
/// Longer, and the edge has given up on a request that waits for it.
const MAX_TIMEOUT_MS: u64 = 30_000;
const MAX_CONCURRENCY: u64 = 64;
const WEEK_SECONDS: u64 = 604_800;
/// They are the client's, or make the answer one that is not read.
const OWN_HEADERS: [&str; 10] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
];

/// Reads the text of a file that lies in `directory`; header values come from `environment`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(
    text: &str,
    directory: &Path,
    environment: &dyn Environment,
) -> Result<Vec<SourceSpec>, Vec<FileFault>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let syntax = |error: &toml::de::Error| FileFault {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        source: None,
        message: error.message().to_owned(),
    };
    if !errors.is_empty() {
        // What else would be told comes from guesses about the rest.
        return Err(errors.iter().map(syntax).collect());
    }
    let mut faults = Vec::new();
    let mut specs = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (key, value) in root.into_inner() {
        let at = line_of(text, key.span().start);
        let DeValue::Array(tables) = value.into_inner() else {
            faults.push(not_a_source(at));
            continue;
        };
        if key.get_ref() != "source" {
            faults.push(not_a_source(at));
            continue;
        }
        for table in tables {
            let start = table.span().start;
            let (spec, wrong) = read(text, table, directory, environment);
            faults.extend(wrong);
            let Some(spec) = spec else { continue };
            let line = line_of(text, start);
            match lines.insert(spec.name.clone(), line) {
                Some(first) => faults.push(FileFault {
                    line,
                    source: Some(spec.name.clone()),
                    message: format!("the name is taken by the source on line {first}"),
                }),
                None => specs.push(spec),
            }
        }
    }
    faults.sort_by_key(|fault| fault.line);
    if faults.is_empty() { Ok(specs) } else { Err(faults) }
}

fn not_a_source(line: usize) -> FileFault {
    FileFault { line, source: None, message: "only [[source]] tables stand in this file".to_owned() }
}

fn read<'a>(
    text_of_file: &'a str,
    table: Spanned<DeValue<'a>>,
    directory: &Path,
    environment: &dyn Environment,
) -> (Option<SourceSpec>, Vec<FileFault>) {
    let start = table.span().start;
    let DeValue::Table(table) = table.into_inner() else {
        return (None, vec![not_a_source(line_of(text_of_file, start))]);
    };
    let mut fields = Fields::new(text_of_file, start, table);
    let name = fields.required("name", name);
    if let Some(name) = &name {
        fields.label(name);
    }
    let kind = fields.required("kind", text);
    let is_http = kind.as_deref().is_some_and(|kind| kind.starts_with("http-"));
    let kind = kind.and_then(|kind| match kind.as_str() {
        "http-json" => {
            let pointer = fields.required("pointer", pointer).map(Place::Json);
            http(&mut fields, environment, pointer)
        }
        "http-html" => {
            let selector = fields.required("selector", selector);
            let attribute = fields.optional("attribute", text);
            http(&mut fields, environment, selector.map(|selector| Place::Html { selector, attribute }))
        }
        "csv" => {
            let file = fields.required("file", text).map(|file| directory.join(PathBuf::from(file)));
            let price_column = fields.optional("price_column", text);
            let price_column = price_column.unwrap_or_else(|| "price_inr".to_owned());
            file.map(|file| SourceKind::Csv { file, price_column })
        }
        "push" => Some(SourceKind::Push),
        other => {
            fields.fault(start, format!("kind {other:?} is none of http-json, http-html, csv, push"));
            None
        }
    });
    let confidence = if is_http {
        fields.required("confidence", confidence)
    } else {
        Some(fields.optional("confidence", confidence).unwrap_or(Confidence::IMPORTED))
    };
    let shipping = fields.integer("shipping_paise", 0..=MAX_SHIPPING_PAISE, 0);
    let poll_every = match &kind {
        Some(SourceKind::Push) => None,
        // Nothing means whenever the scheduler comes by, 0 never.
        _ => match fields.integer("poll_seconds", 0..=WEEK_SECONDS, 1) {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
        },
    };
    let spec = (|| {
        Some(SourceSpec {
            name: name?,
            confidence: confidence?,
            shipping: Paise(i64::try_from(shipping).ok()?),
            kind: kind?,
            poll_every,
        })
    })();
    (spec, fields.finish())
}

fn http(fields: &mut Fields<'_>, environment: &dyn Environment, place: Option<Place>) -> Option<SourceKind> {
    let url = fields.required("url", |value| Template::parse(&text(value)?));
    let headers = headers(fields, environment);
    let timeout = Duration::from_millis(fields.integer("timeout_ms", 100..=MAX_TIMEOUT_MS, 5_000));
    let concurrency = fields.integer("concurrency", 1..=MAX_CONCURRENCY, 4);
    let concurrency = usize::try_from(concurrency).unwrap_or(1);
    Some(SourceKind::Http(HttpSpec { url: url?, headers, timeout, concurrency, place: place? }))
}

fn headers(fields: &mut Fields<'_>, environment: &dyn Environment) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, value, at) in fields.texts("headers") {
        let fault = match header(&name, &value, environment) {
            Ok(header) => {
                headers.push(header);
                continue;
            }
            Err(fault) => fault,
        };
        fields.fault(at, format!("headers.{name} {fault}"));
    }
    headers
}

fn header(
    name: &str,
    value: &str,
    environment: &dyn Environment,
) -> Result<(HeaderName, HeaderValue), String> {
    let parsed = HeaderName::try_from(name).map_err(|_| "is no header name")?;
    if OWN_HEADERS.contains(&parsed.as_str()) {
        return Err("is set by the origin itself".to_owned());
    }
    let Some(variable) = value.strip_prefix("env:") else {
        let value = HeaderValue::from_str(value).map_err(|_| "has a value that no header can have")?;
        return Ok((parsed, value));
    };
    let secret = environment.get(variable).filter(|value| !value.trim().is_empty());
    let secret = secret.ok_or_else(|| format!("takes the variable {variable}, which is not set"))?;
    let mut value = HeaderValue::from_str(secret.trim())
        .map_err(|_| format!("takes the variable {variable}, whose value no header can have"))?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

fn name(value: &DeValue<'_>) -> Result<String, String> {
    let name = text(value)?;
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    if name.len() <= 50 && name.bytes().all(is_allowed) {
        Ok(name)
    } else {
        Err("must be 1 to 50 characters of a-z, 0-9, '.', '_' and '-'".to_owned())
    }
}

fn pointer(value: &DeValue<'_>) -> Result<String, String> {
    let pointer = value.as_str().ok_or("must be a text")?;
    if pointer.is_empty() || pointer.starts_with('/') {
        Ok(pointer.to_owned())
    } else {
        Err("must be a JSON pointer (RFC 6901) such as /offer/price".to_owned())
    }
}

fn selector(value: &DeValue<'_>) -> Result<String, String> {
    let selector = text(value)?;
    match Selector::parse(&selector) {
        Ok(_) => Ok(selector),
        Err(_) => Err(format!("{selector:?} is no CSS selector")),
    }
}

fn confidence(value: &DeValue<'_>) -> Result<Confidence, String> {
    let digits = match value {
        DeValue::Float(float) => float.as_str(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        _ => "",
    };
    let range = |_| "must be a number from 0 to 1 with at most 4 decimals, such as 0.95".to_owned();
    Confidence::parse_decimal(digits).map_err(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn environment() -> HashMap<String, String> {
        HashMap::from([("ACME_TOKEN".to_owned(), "Bearer hunter2".to_owned())])
    }

    #[test]
    fn the_documented_example_is_read() {
        let text = include_str!("../../sources.example.toml");
        let specs = parse(text, Path::new("/etc/valora"), &environment()).unwrap();
        let kinds: Vec<_> = specs.iter().map(|spec| (spec.name.as_str(), spec.kind.name())).collect();
        assert_eq!(
            kinds,
            [
                ("acme-api", "http-json"),
                ("acme-shop", "http-html"),
                ("wholesale", "csv"),
                ("partner", "push")
            ]
        );
        assert!(!format!("{specs:?}").contains("hunter2"), "a secret is never shown");
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_line_and_name() {
        let text = r#"
title = "x"
[[source]]
name = "a"
kind = "http-json"
url = "https://{brand}.example/"
pointer = "price"
confidence = 1.5
headers = { Authorization = "env:NOT_SET", Host = "x", "b c" = "x", X-Ok = 5 }
timeout_ms = 5
colour = "red"

[[source]]
kind = "ftp"
[[source]]
name = "A B"
kind = "http-html"
selector = "p["
[[source]]
name = "p"
kind = "push"
[[source]]
name = "p"
kind = "push"
file = "x"
"#;
        let faults = parse(text, Path::new("/"), &environment()).unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        line 2: only [[source]] tables stand in this file
        line 6 (source "a"): url must have its host written out, without fields, user or password
        line 7 (source "a"): pointer must be a JSON pointer (RFC 6901) such as /offer/price
        line 8 (source "a"): confidence must be a number from 0 to 1 with at most 4 decimals, such as 0.95
        line 9 (source "a"): headers.X-Ok must be a text
        line 9 (source "a"): headers.Authorization takes the variable NOT_SET, which is not set
        line 9 (source "a"): headers.Host is set by the origin itself
        line 9 (source "a"): headers.b c is no header name
        line 10 (source "a"): timeout_ms must be an integer from 100 to 30000
        line 11 (source "a"): colour is no field of this kind of source
        line 13: name is missing
        line 13: kind "ftp" is none of http-json, http-html, csv, push
        line 15: url is missing
        line 15: confidence is missing
        line 16: name must be 1 to 50 characters of a-z, 0-9, '.', '_' and '-'
        line 18: selector "p[" is no CSS selector
        line 22 (source "p"): the name is taken by the source on line 19
        line 25 (source "p"): file is no field of this kind of source
        "#);
    }

    #[test]
    fn broken_toml_is_told_by_its_line() {
        let faults = parse("[[source]]\nname = \n", Path::new("/"), &environment()).unwrap_err();
        assert_eq!(faults.first().map(|fault| fault.line), Some(2), "{faults:?}");
    }
}
