//! gzip or identity (RFC 9110 §12.5.3): which a client takes, and what is worth packing.

use super::fields::members;

/// A shorter body fits one packet whatever is done to it.
const MIN_BYTES: u64 = 512;

/// Whether a client's Accept-Encoding takes gzip. Absent means that it said nothing, which is identity's case.
pub fn takes_gzip(accept_encoding: Option<&str>) -> bool {
    let (mut named, mut any) = (None, None);
    for member in members(accept_encoding.unwrap_or("")) {
        let mut parts = member.split(';').map(str::trim);
        let coding = parts.next().unwrap_or("");
        let is_refused = parts.any(|part| {
            let weight = part.strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
            weight.is_some_and(|weight| weight.trim().chars().all(|c| matches!(c, '0' | '.')))
        });
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            named = Some(!is_refused);
        } else if coding == "*" {
            any = Some(!is_refused);
        }
    }
    named.or(any).unwrap_or(false)
}

/// Whether a body of this type and length may become a tenth smaller.
pub fn is_worth_packing(content_type: Option<&str>, bytes: u64) -> bool {
    let kind = content_type.unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || kind.ends_with("json")
        || kind.ends_with("xml")
        || matches!(kind.as_str(), "application/javascript" | "image/svg+xml");
    is_text && bytes >= MIN_BYTES
}

/// Whether packing has saved 10 %.
pub fn has_paid(identity_bytes: u64, gzip_bytes: u64) -> bool {
    gzip_bytes.saturating_mul(10) <= identity_bytes.saturating_mul(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for text in ["gzip", "br, gzip", "GZIP;q=0.5", "*", "deflate, *;q=0.1", "x-gzip"] {
            assert!(takes_gzip(Some(text)), "{text}");
        }
        for text in ["", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "identity"] {
            assert!(!takes_gzip(Some(text)), "{text}");
        }
        assert!(!takes_gzip(None));
    }

    #[test]
    fn packing_is_for_texts_that_shrink() {
        assert!(is_worth_packing(Some("application/problem+json; charset=utf-8"), 600));
        assert!(!is_worth_packing(Some("image/png"), 60_000));
        assert!(!is_worth_packing(Some("application/json"), 100));
        assert!(has_paid(1_000, 900) && !has_paid(1_000, 901));
    }
}
