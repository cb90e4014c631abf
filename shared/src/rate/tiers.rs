//! Who may ask more than others: `RATE_LIMIT_TIERS="admin=600,key:7=300"`.

use super::Limits;
use crate::{
    account::Role,
    config::{Setting, read_rows},
};

/// Requests a minute, by role or API key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tiers(Vec<(Who, u32)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Role(Role),
    Key(String),
}

impl Tiers {
    /// Of a role, where it has a row.
    pub fn of_role(&self, role: Role) -> Option<u32> {
        self.find(|who| matches!(who, Who::Role(known) if *known == role))
    }

    /// Of an API key, by its id.
    pub fn of_key(&self, id: &str) -> Option<u32> {
        self.find(|who| matches!(who, Who::Key(known) if known == id))
    }

    /// All of them.
    pub(super) fn minutes(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(_, minute)| *minute)
    }

    fn find(&self, is_meant: impl Fn(&Who) -> bool) -> Option<u32> {
        self.0.iter().find(|(who, _)| is_meant(who)).map(|(_, minute)| *minute)
    }
}

impl Limits {
    /// With another limit a minute, and the others in proportion.
    #[must_use]
    pub fn in_proportion(&self, minute: u32) -> Self {
        let scale = |limit: u32| {
            let scaled = u64::from(limit) * u64::from(minute) / u64::from(self.minute.max(1));
            u32::try_from(scaled).unwrap_or(u32::MAX).clamp(minute.min(Self::MOST), Self::MOST)
        };
        Self { minute, hour: scale(self.hour), day: scale(self.day) }
    }
}

impl Setting for Tiers {
    fn form() -> String {
        format!(
            "rows of a role ({}) or `key:` and a key's number, and requests a minute from 1 to {}, as in \
             `admin=600,key:7=300`",
            Role::ALL.map(Role::as_str).join(", "),
            Limits::MOST
        )
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut rows: Vec<(Who, u32)> = Vec::new();
        read_rows(text, &Self::form(), &mut |row| {
            let row = read(row).ok_or("is none")?;
            if rows.iter().any(|(known, _)| *known == row.0) {
                return Err("is about the same as another".to_owned());
            }
            rows.push(row);
            Ok(())
        })?;
        Ok(Self(rows))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

fn read(row: &str) -> Option<(Who, u32)> {
    let (who, minute) = row.split_once('=')?;
    let minute = minute.trim().parse().ok().filter(|minute| (1..=Limits::MOST).contains(minute))?;
    let who = who.trim();
    let who = match who.strip_prefix("key:") {
        Some(id) => Who::Key(is_key(id).then(|| id.to_owned())?),
        None => Who::Role(Role::parse(who)?),
    };
    Some((who, minute))
}

/// Whether an API key can have this id: a number from 1, written as its keys write it. A row for another would never be
/// met.
fn is_key(id: &str) -> bool {
    let is_plain = !id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && id.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_keys_have_rows() {
        let tiers = Tiers::parse("admin=600, key:7=300").unwrap();
        assert_eq!((tiers.of_role(Role::Admin), tiers.of_role(Role::User)), (Some(600), None));
        assert_eq!((tiers.of_key("7"), tiers.of_key("8")), (Some(300), None));
        for bad in ["admin", "boss=1", "key:=1", "admin=0", "admin=1,admin=2", "key:7=x"] {
            assert!(Tiers::parse(bad).is_err(), "{bad}");
        }
        let fault = Tiers::parse("boss=5").unwrap_err();
        assert!(fault.contains("(admin, user, viewer)") && fault.ends_with("; row 1, `boss=5`, is none"));
    }

    #[test]
    fn a_row_for_a_key_that_cannot_be_is_refused() {
        for bad in ["key:x=5", "key:0=5", "key:07=5", "key:+7=5", "key:-7=5", "key:9223372036854775808=5"] {
            assert!(Tiers::parse(bad).is_err(), "{bad}");
        }
        assert!(Tiers::parse("key:9223372036854775807=5").is_ok());
    }

    #[test]
    fn hour_and_day_go_with_the_minute() {
        let limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
        assert_eq!(limits.in_proportion(600), Limits { minute: 600, hour: 10_000, day: 100_000 });
        assert_eq!(limits.in_proportion(1), Limits { minute: 1, hour: 16, day: 166 });
        assert_eq!(limits.in_proportion(Limits::MOST).day, Limits::MOST);
    }
}
