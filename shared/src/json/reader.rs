//! The grammar (RFC 8259), read by descent.

use super::{InvalidJson, Json};

/// Deeper ones are refused: each level is a call.
const MAX_DEPTH: u32 = 127;

pub(super) fn read(text: &str) -> Result<Json, InvalidJson> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(MAX_DEPTH).filter(|_| {
        reader.skip_blanks();
        reader.at == text.len()
    });
    value.ok_or(InvalidJson(reader.at))
}

/// Where it stands is where the fault is, once a function returns nothing.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: u32) -> Option<Json> {
        self.skip_blanks();
        match self.peek()? {
            b'"' => self.string().map(Json::Text),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b'n' => self.skip_word("null").then_some(Json::Null),
            b't' => self.skip_word("true").then_some(Json::Bool(true)),
            b'f' => self.skip_word("false").then_some(Json::Bool(false)),
            _ => self.number().map(Json::Number),
        }
    }

    fn object(&mut self, depth: u32) -> Option<Json> {
        let mut fields = Vec::new();
        self.items(b'}', &mut |reader| {
            reader.skip_blanks();
            let name = reader.string()?;
            if !reader.skip_mark(b':') {
                return None;
            }
            fields.push((name, reader.value(depth)?));
            Some(())
        })?;
        Some(Json::Object(fields))
    }

    fn list(&mut self, depth: u32) -> Option<Json> {
        let mut list = Vec::new();
        self.items(b']', &mut |reader| {
            list.push(reader.value(depth)?);
            Some(())
        })?;
        Some(Json::List(list))
    }

    /// What stands between a bracket and `end`, with commas between.
    fn items(&mut self, end: u8, item: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        if self.skip_mark(end) {
            return Some(());
        }
        loop {
            item(self)?;
            if self.skip_mark(end) {
                return Some(());
            }
            if !self.skip_mark(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if !self.skip_byte(b'"') {
            return None;
        }
        let mut string = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let is_special = |byte: u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let length = rest.bytes().position(is_special).unwrap_or(rest.len());
            string.push_str(rest.get(..length)?);
            self.at += length;
            if self.skip_byte(b'"') {
                return Some(string);
            }
            // Control characters stand in no string.
            if !self.skip_byte(b'\\') {
                return None;
            }
            string.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.utf16_unit()?;
                // Half of a pair; the other half must follow. One that has no first half is no character.
                let code = if (0xd800..0xdc00).contains(&unit) {
                    let low = if self.skip_word("\\u") { self.utf16_unit()? } else { return None };
                    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    0x1_0000 + ((unit - 0xd800) << 10) + low
                } else {
                    unit
                };
                char::from_u32(code)?
            }
            _ => return None,
        })
    }

    fn utf16_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let unit =
            digits.bytes().try_fold(0, |unit, byte| Some(unit << 4 | char::from(byte).to_digit(16)?))?;
        self.at += 4;
        Some(unit)
    }

    fn number(&mut self) -> Option<String> {
        let from = self.at;
        self.skip_byte(b'-');
        // No zeros in front.
        if !self.skip_byte(b'0') {
            self.digits()?;
        }
        if self.skip_byte(b'.') {
            self.digits()?;
        }
        if self.skip_byte(b'e') || self.skip_byte(b'E') {
            let _ = self.skip_byte(b'+') || self.skip_byte(b'-');
            self.digits()?;
        }
        self.text.get(from..self.at).map(str::to_owned)
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Whether the mark came next, but for blanks.
    fn skip_mark(&mut self, mark: u8) -> bool {
        self.skip_blanks();
        self.skip_byte(mark)
    }

    fn skip_byte(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let is_next = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn serde(text: &str) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Whether it is the same to serde, whose value keeps the last of two fields of one name.
    fn is_same(text: &str) -> bool {
        match (Json::parse(text), serde(text)) {
            (Ok(json), Ok(value)) => serde(&json.to_string()).is_ok_and(|again| again == value),
            // A number that no float holds is one nevertheless.
            (Ok(_), Err(error)) => error.to_string().starts_with("number out of range"),
            (read, known) => read.is_err() && known.is_err(),
        }
    }

    #[test]
    fn what_serde_reads_is_read_and_nothing_else() {
        for text in [
            " {\"a\" : [ 1 , 2.5e-7 , -0 ] , \"b\":{}}\n",
            "[]",
            "[ ]",
            "{ }",
            "\"\"",
            "0",
            "-1",
            "1E5",
            "1e400",
            "\"\\ud83d\\ude00\\u00e9\\/\\b\\f\\n\\r\\t\"",
            "null",
            "true",
            "\"₹\u{7f}\"",
            "",
            " ",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "0x1",
            "NaN",
            "nul",
            "nullx",
            "tru",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\ud83dx\"",
            "\"\\ud83d\\u0041\"",
            "\"\n\"",
            "\"\t\"",
            "1 2",
            "[1]]",
            "\u{feff}1",
            "\u{a0}1",
            "'a'",
        ] {
            assert!(is_same(text), "{text:?}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        for depth in [1, 127, 128, 100_000] {
            assert!(is_same(&nested(depth)), "{depth}");
        }
    }

    #[test]
    fn a_fault_is_told_by_its_place() {
        for (text, at) in [("", 0), ("[1,x]", 3), ("\"abc", 4), ("1 2", 2), ("{\"a\" 1}", 5)] {
            assert_eq!(Json::parse(text), Err(InvalidJson(at)), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_to_it_what_it_is_to_serde(text in "[\\[\\]{}\",:\\\\ untrefals0-9.eE+\\-ud83c\u{1}₹]{0,24}") {
            prop_assert!(is_same(&text));
        }

        #[test]
        fn any_string_is_read_as_it_was_written(text in ".{0,40}") {
            prop_assert_eq!(Json::parse(&super::super::quoted(&text)), Ok(Json::Text(text)));
        }
    }
}
