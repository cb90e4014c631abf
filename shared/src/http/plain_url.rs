//! Whether a URL is written as the runtime will write it once it is parsed (WHATWG URL).

/// Whether parsing surely changes nothing: only characters that stand for themselves in a path and in a query, and no
/// segment that could be `.` or `..` in some spelling. What is not plain may still be left as it is.
///
/// Rules about paths, and signatures over them, must be about what is sent on: `fetch` resolves dot segments and
/// encodes what it takes for a slip.
pub fn is_plain_url(url: &str) -> bool {
    let mut before = 0;
    url.bytes().all(|byte| {
        let begins_a_segment = std::mem::replace(&mut before, byte) == b'/';
        match byte {
            b'.' | b'%' => !begins_a_segment,
            b'!'
            | b'$'
            | b'&'
            | b'('..=b';'
            | b'='
            | b'?'..=b'Z'
            | b'['
            | b']'
            | b'_'
            | b'a'..=b'z'
            | b'~' => true,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parsing_may_rewrite_is_not_plain() {
        for plain in [
            "http://127.0.0.1:8787/api/products?category=Men%27s&limit=20",
            "https://shop.example/",
            "http://h/a.b/c%20d/~e!$&()*+,;=:@[]?a?b/c",
        ] {
            assert!(is_plain_url(plain), "{plain}");
        }
        for other in [
            "http://h/api?category=Men's",
            "http://h/a\"b",
            "http://h/a<b>",
            "http://h/a{b}",
            "http://h/a^b",
            "http://h/a`b",
            "http://h/a|b",
            "http://h/a\\b",
            "http://h/a b",
            "http://h/a#b",
            "http://h/é",
            "http://h/\u{7f}",
            "http://h/./a",
            "http://h/a/..",
            "http://h/%2e%2E/a",
            "http://h/a/%2e",
            "http://h/.%2e/a",
        ] {
            assert!(!is_plain_url(other), "{other}");
        }
    }
}
