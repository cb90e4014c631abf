//! User names and mail addresses.

use std::fmt;

/// A user's name: 3 to 50 letters, digits and `_` (design: http.md), as it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

/// A mail address that could exist. Shown to its owner and to admins, never in logs: its `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// Why a text is no name, for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(&'static str);

/// RFC 5321 §4.5.3.1: what a mail server must take at most.
const MAX_EMAIL: usize = 254;
const MAX_LOCAL_PART: usize = 64;
const MAX_LABEL: usize = 63;

impl Username {
    /// # Errors
    /// [`InvalidName`] with the limits.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let fits = (3..=50).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName("must be 3 to 50 characters of A-Z, a-z, 0-9 and '_'"))
        }
    }

    /// As it was chosen.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is unique: nobody is `Admin` beside an `admin`.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl Email {
    /// Takes ASCII addresses without quotes and comments (international domains in their ASCII form).
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let invalid = InvalidName("must be a mail address of at most 254 characters");
        let (local, domain) = text.split_once('@').ok_or(invalid)?;
        let is_local = (1..=MAX_LOCAL_PART).contains(&local.len())
            && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text));
        let is_domain = domain.contains('.') && domain.split('.').all(is_label);
        if text.len() <= MAX_EMAIL && is_local && is_domain {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is unique. Local parts could differ by case (RFC 5321 §2.4), but no provider gives two people such
    /// addresses.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// RFC 5322 §3.2.3.
fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_their_alphabet_and_length() {
        for good in ["abc", "A_1", &"x".repeat(50)] {
            assert_eq!(Username::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "ab", &"x".repeat(51), "a b", "a-b", "abé", "a\0b", "abc\n", "a@b"] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Username::parse("Admin").unwrap().key(), "admin");
    }

    #[test]
    fn mail_addresses_are_those_a_server_would_take() {
        for good in ["a@b.in", "first.last+tag@shop.example.com", "o'brien@xn--e1afmkfd.example"] {
            assert_eq!(Email::parse(good).unwrap().as_str(), good);
        }
        let long = format!("{}@b.in", "x".repeat(65));
        for bad in [
            "",
            "a",
            "a@b",
            "@b.in",
            "a@",
            "a@.in",
            "a@b..in",
            "a@-b.in",
            "a@b.in\n",
            "a b@c.in",
            ".a@b.in",
            "a..b@c.in",
            "a@b@c.in",
            "é@b.in",
            &long,
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Email::parse("A@B.in").unwrap().key(), "a@b.in");
    }

    #[test]
    fn a_mail_address_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", Email::parse("hunter@shop.example").unwrap()), "Email(…)");
    }
}
