//! The kinds of values a setting can have.

use crate::money::Margin;
use std::net::SocketAddr;

/// A value read from text.
pub trait Setting: Sized {
    /// Allowed values and unit, such as `an integer from 1 to 60000`.
    fn form() -> String;

    /// # Errors
    /// What is wrong, naming the limit; never the value itself.
    fn parse(text: &str) -> Result<Self, String>;

    /// The value of an optional setting that is not set.
    fn absent() -> Option<Self> {
        None
    }
}

/// Which rules hold: a developer's machine or the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Local ports may call, errors explain themselves, no HSTS.
    Development,
    /// Only what is listed may call; nothing is explained.
    Production,
}

/// The least severe log line that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// One line per request and above.
    Info,
    /// What should not happen.
    Warn,
    /// What failed.
    Error,
}

/// An http(s) origin: scheme, host and port, nothing behind it (RFC 6454 §6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOrigin(String);

/// An integer from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounded<const MIN: u64, const MAX: u64>(u64);

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch(pub bool);

impl Environment {
    /// `development` or `production`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

impl LogLevel {
    /// The name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl HttpOrigin {
    /// `https://shop.example`, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: u64, const MAX: u64> Bounded<MIN, MAX> {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Setting for Environment {
    fn form() -> String {
        "development or production".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err(must_be::<Self>()),
        }
    }
}

impl Setting for LogLevel {
    fn form() -> String {
        "debug, info, warn or error".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            // Python's names for the same, so that an old .env goes on working.
            "warn" | "warning" => Ok(Self::Warn),
            "error" | "critical" => Ok(Self::Error),
            _ => Err(must_be::<Self>()),
        }
    }
}

impl Setting for HttpOrigin {
    fn form() -> String {
        "an http or https origin such as https://shop.example".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fault = || format!("{}, without a path, query or user", must_be::<Self>());
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once(':').ok_or_else(fault)?;
        let rest = rest.strip_prefix("//").ok_or_else(fault)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if !matches!(scheme, "http" | "https") || !is_authority(authority) {
            return Err(fault());
        }
        // Browsers leave the scheme's own port out of Origin, and so must what is compared with it.
        let own_port = if scheme == "https" { ":443" } else { ":80" };
        Ok(Self(format!("{scheme}://{}", authority.strip_suffix(own_port).unwrap_or(authority))))
    }
}

/// `host` or `host:port`; an IPv6 address in brackets (RFC 3986 §3.2, without userinfo and percent-encoding).
fn is_authority(text: &str) -> bool {
    let is_port = |port: &str| {
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    };
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok() && is_port(port);
    }
    let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !host.is_empty() && host.bytes().all(is_host) && is_port(port)
}

/// Reads a list by its commas. `take` says what is wrong with a row, if anything; all that is wrong is told.
///
/// # Errors
/// Each fault by its row, behind the form: by its number, and by how it begins, for whoever does not count.
pub(crate) fn read_rows(
    text: &str,
    form: &str,
    take: &mut dyn FnMut(&str) -> Result<(), String>,
) -> Result<(), String> {
    const SHOWN_CHARS: usize = 40;
    let mut faults = String::new();
    let rows = text.split(',').map(str::trim).filter(|row| !row.is_empty());
    for (number, row) in (1_u32..).zip(rows) {
        if let Err(fault) = take(row) {
            let mut shown: String = row.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect();
            if shown.len() < row.len() {
                shown.push('…');
            }
            faults.extend(["; row ", &number.to_string(), ", `", &shown, "`, ", &fault]);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(format!("it must be {form}{faults}")) }
}

impl<const MIN: u64, const MAX: u64> Setting for Bounded<MIN, MAX> {
    fn form() -> String {
        format!("an integer from {MIN} to {MAX}")
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(value) if (MIN..=MAX).contains(&value) => Ok(Self(value)),
            _ => Err(must_be::<Self>()),
        }
    }
}

impl Setting for Switch {
    fn form() -> String {
        "1 or 0, true or false".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "1" | "true" => Ok(Self(true)),
            "0" | "false" => Ok(Self(false)),
            _ => Err(format!("it must be {}", Self::form())),
        }
    }
}

impl Setting for Margin {
    fn form() -> String {
        "a percentage from 0 to 90 with at most 2 decimals".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse_percent(text).map_err(|_| must_be::<Self>())
    }
}

impl Setting for SocketAddr {
    fn form() -> String {
        "an address and port such as 127.0.0.1:8000".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| must_be::<Self>())
    }
}

impl<T: Setting> Setting for Option<T> {
    fn form() -> String {
        format!("{}, or nothing", T::form())
    }

    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

fn must_be<T: Setting>() -> String {
    format!("it must be {}", T::form())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_is_kept_as_browsers_write_it() {
        assert_eq!(HttpOrigin::parse("https://Shop.example/").unwrap().as_str(), "https://shop.example");
        assert_eq!(HttpOrigin::parse("http://127.0.0.1:8000").unwrap().as_str(), "http://127.0.0.1:8000");
        assert_eq!(HttpOrigin::parse("https://shop.example:443").unwrap().as_str(), "https://shop.example");
        assert_eq!(HttpOrigin::parse("http://shop.example:80/").unwrap().as_str(), "http://shop.example");
        assert_eq!(HttpOrigin::parse("http://shop.example:443").unwrap().as_str(), "http://shop.example:443");
        for bad in [
            "https://shop.example:",
            "shop.example",
            "ftp://a",
            "https://a/b",
            "https://u@a",
            "https://a?b",
            "*",
            "https://",
        ] {
            assert!(HttpOrigin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_outside_its_bounds_is_told_the_bounds() {
        assert_eq!(Bounded::<1, 9>::parse("9").unwrap().get(), 9);
        for bad in ["0", "10", "-1", "1.5", ""] {
            assert_eq!(Bounded::<1, 9>::parse(bad), Err("it must be an integer from 1 to 9".to_owned()));
        }
    }

    #[test]
    fn a_faulty_row_is_shown_as_far_as_it_is_short() {
        let told = |text: &str| read_rows(text, "rows", &mut |_| Err("is none".to_owned())).unwrap_err();
        assert_eq!(told("boss=5, x"), "it must be rows; row 1, `boss=5`, is none; row 2, `x`, is none");
        let long = "é".repeat(41);
        assert_eq!(told(&long), format!("it must be rows; row 1, `{}…`, is none", "é".repeat(40)));
        assert_eq!(told("a\nb"), "it must be rows; row 1, `ab…`, is none");
    }

    #[test]
    fn pythons_level_names_are_understood() {
        assert_eq!(LogLevel::parse("WARNING"), Ok(LogLevel::Warn));
        assert!(LogLevel::parse("loud").is_err());
    }
}
