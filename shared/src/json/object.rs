//! An object, written field by field.

use super::quoted;

/// A JSON object that grows.
#[derive(Debug, Clone, Default)]
pub struct Object(String);

impl Object {
    /// Adds a string.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.json(name, &quoted(value))
    }

    /// Adds a string, where there is one.
    pub fn maybe_text(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds an integer.
    pub fn number(&mut self, name: &str, value: i64) -> &mut Self {
        self.json(name, &value.to_string())
    }

    /// Adds a count, which is never so large that a JavaScript number could not hold it.
    pub fn count(&mut self, name: &str, value: u64) -> &mut Self {
        self.json(name, &value.to_string())
    }

    /// Adds a truth value.
    pub fn bool(&mut self, name: &str, value: bool) -> &mut Self {
        self.json(name, if value { "true" } else { "false" })
    }

    /// Adds what is JSON already.
    pub fn json(&mut self, name: &str, value: &str) -> &mut Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        for text in [&quoted(name), ":", value] {
            self.0.push_str(text);
        }
        self
    }

    /// All of it as JSON.
    pub fn to_json(&self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { [&self.0, "}"].concat() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_the_order_they_were_added() {
        let mut object = Object::default();
        assert_eq!(object.to_json(), "{}");
        object.text("a", "\"₹\n").maybe_text("b", None).maybe_text("c", Some("d"));
        object.number("e", -1).count("f", u64::MAX).json("g", "[null]").bool("h", true);
        assert_eq!(
            object.to_json(),
            r#"{"a":"\"₹\n","c":"d","e":-1,"f":18446744073709551615,"g":[null],"h":true}"#
        );
    }
}
