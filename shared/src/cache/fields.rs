//! Header fields as the cache's rules read them: names in lower case, several lines of one field joined by ", " (RFC
//! 9110 §5.3).

/// A list of names and values.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields<'a>(pub &'a [(String, String)]);

impl<'a> Fields<'a> {
    /// The value of the field, the first one where it stands twice.
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the field is there.
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The members of a comma-separated list, trimmed, without empty ones; commas within quotes do not separate.
pub(super) fn members(list: &str) -> impl Iterator<Item = &str> {
    let (mut in_quotes, mut is_escaped) = (false, false);
    list.split(move |c| {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_quotes => is_escaped = true,
            '"' => in_quotes = !in_quotes,
            ',' => return !in_quotes,
            _ => {}
        }
        false
    })
    .map(|member| member.trim_matches([' ', '\t']))
    .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_within_quotes_does_not_separate() {
        let read: Vec<_> = members(r#" a, b="1,2" ,, c="x\",y""#).collect();
        assert_eq!(read, ["a", r#"b="1,2""#, r#"c="x\",y""#]);
    }
}
