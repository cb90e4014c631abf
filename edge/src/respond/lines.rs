//! Header fields on their way into JavaScript, as two strings: names apart from values, so that answers with the same
//! names are known by one string.

/// Names and values, one per line each.
#[derive(Debug, Default)]
pub struct Lines {
    names: String,
    values: String,
}

impl Lines {
    /// Adds a field. A line break would shift every line behind it, so such a value is dropped.
    pub fn push(&mut self, name: &str, value: &str) {
        if value.contains('\n') {
            return;
        }
        if !self.names.is_empty() {
            self.names.push('\n');
            self.values.push('\n');
        }
        self.names.push_str(name);
        self.values.push_str(value);
    }

    /// The names.
    pub fn names(&self) -> &str {
        &self.names
    }

    /// The values.
    pub fn values(&self) -> &str {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_line_break_shifts_nothing() {
        let mut lines = Lines::default();
        for (name, value) in [("a", "1\nevil\n2"), ("b", ""), ("c", "3")] {
            lines.push(name, value);
        }
        assert_eq!((lines.names(), lines.values()), ("b\nc", "\n3"));
    }
}
