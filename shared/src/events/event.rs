//! One event and its kinds.

use super::EventId;
use crate::{
    account::UserId,
    id::ProductId,
    json::{InvalidField, InvalidJson, Json},
    money::{Margin, Paise},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id; a second one of the same id is the same event.
    pub id: EventId,
    /// What it says.
    pub body: EventBody,
}

/// What an event says. JSON: the fields of the kind, beside `id` and `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// `purge`.
    Purge(Purge),
    /// `price`.
    Price(PriceUpdate),
    /// `revoke`.
    Revoke(Revocation),
    /// `audit`.
    Audit(AuditEntry),
}

/// Answers with one of these tags are out of date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purge {
    /// 1 to [`Purge::MAX_TAGS`] of `product:{id}`, `products`, `category:{name}`.
    pub tags: Vec<String>,
    /// How they may still be used.
    pub mode: PurgeMode,
}

/// What becomes of a purged answer (design: cache.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PurgeMode {
    /// Gone.
    Hard,
    /// Stale: may be served while a new one is fetched.
    Soft,
    /// Must be checked first; served only when the origin fails.
    Revalidate,
}

/// A recorded price; the fields of the WebSocket's `price_update` (design: prices.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceUpdate {
    /// The product.
    pub product_id: ProductId,
    /// Counted per product; receivers ignore one not above their last.
    pub seq: i64,
    /// The shop's price.
    pub display_paise: Paise,
    /// The same for people.
    pub display_price_readable: String,
    /// The lowest trustworthy market price.
    pub lowest_paise: Paise,
    /// The margin between the two.
    pub margin_percent: Margin,
    /// What the blockchain knows of it.
    pub blockchain: ChainState,
}

/// What the blockchain knows of a price: nothing until the chain is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChainState {
    /// The transaction of the lowest price.
    pub lowest_tx_id: Option<String>,
    /// The transaction of the shop's price.
    pub display_tx_id: Option<String>,
    /// Whether the first is confirmed.
    pub lowest_confirmed: bool,
    /// Whether the second is confirmed.
    pub display_confirmed: bool,
}

/// Credentials of `subject` made up to `not_before_ms` are worth nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Whose.
    pub subject: Subject,
    /// Milliseconds since 1970.
    pub not_before_ms: i64,
}

/// Whose credentials: `user:7` (tokens), `key:3` (an API key).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An account.
    User(UserId),
    /// An API key by its number.
    Key(i64),
}

/// An admin action, as the audit keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// A credential's name, never its text: `admin-token`, `user:7`, `key:3`, `cli`, `nobody`.
    pub who: String,
    /// Method and route, or the command.
    pub what: String,
    /// From where: a pseudonym of the client.
    pub from: String,
    /// An HTTP status, or what became of the command.
    pub result: String,
    /// Ties it to the request's log lines.
    pub correlation_id: Option<String>,
}

/// Why a text is no event that can be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// A kind of a newer origin.
    #[error("kind {0:?} is unknown")]
    Kind(String),
    /// A field is missing or not of its form.
    #[error("{0}")]
    Form(String),
}

/// The largest integer that every JavaScript number before it is exact up to.
const MAX_EXACT: i64 = (1 << 53) - 1;
/// The longest text in an audit entry.
const MAX_TEXT_BYTES: usize = 512;
const SUBJECT: &str = "subject must be user:<number> or key:<number>";

#[derive(Serialize)]
struct Written<'a, B> {
    id: &'a EventId,
    kind: &'a str,
    #[serde(flatten)]
    body: &'a B,
}

impl Event {
    /// Reads an event that bears `id` and `kind`.
    pub(super) fn read(id: EventId, kind: &str, json: &Json) -> Result<Self, InvalidEvent> {
        Ok(Self { id, body: EventBody::read(kind, json)? })
    }
}

impl EventBody {
    /// `kind` in the JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Purge(_) => "purge",
            Self::Price(_) => "price",
            Self::Revoke(_) => "revoke",
            Self::Audit(_) => "audit",
        }
    }

    /// The kind's fields as a JSON object, as the outbox keeps them.
    ///
    /// # Errors
    /// None that is known: all are texts and integers.
    pub fn to_json(&self) -> serde_json::Result<String> {
        match self {
            Self::Purge(body) => serde_json::to_string(body),
            Self::Price(body) => serde_json::to_string(body),
            Self::Revoke(body) => serde_json::to_string(body),
            Self::Audit(body) => serde_json::to_string(body),
        }
    }

    /// The same read again; other fields are ignored.
    ///
    /// # Errors
    /// [`InvalidEvent`].
    pub fn from_json(kind: &str, json: &str) -> Result<Self, InvalidEvent> {
        Self::read(kind, &Json::parse(json)?)
    }

    fn read(kind: &str, json: &Json) -> Result<Self, InvalidEvent> {
        let body = match kind {
            "purge" => Self::Purge(Purge::read(json)?),
            "price" => Self::Price(PriceUpdate::read(json)?),
            "revoke" => Self::Revoke(Revocation::read(json)?),
            "audit" => Self::Audit(AuditEntry::read(json)?),
            _ => return Err(InvalidEvent::Kind(kind.chars().take(32).collect())),
        };
        body.check()?;
        Ok(body)
    }

    fn check(&self) -> Result<(), InvalidEvent> {
        let form = |text: &str| Err(form(text));
        match self {
            Self::Purge(Purge { tags, .. }) if tags.is_empty() || tags.len() > Purge::MAX_TAGS => {
                form("tags must be 1 to 100")
            }
            Self::Purge(Purge { tags, .. }) if !tags.iter().all(|tag| is_tag(tag)) => {
                form("each of tags must be 1 to 256 bytes without spaces and control characters")
            }
            Self::Price(price) if price.seq < 1 => form("seq must be at least 1"),
            Self::Revoke(revocation) if !(0..=MAX_EXACT).contains(&revocation.not_before_ms) => {
                form("not_before_ms must be from 0 to 2^53 - 1")
            }
            Self::Audit(entry) if !entry.is_short() => form("texts must be at most 512 bytes"),
            _ => Ok(()),
        }
    }
}

impl Purge {
    /// The most tags in one event.
    pub const MAX_TAGS: usize = 100;

    fn read(json: &Json) -> Result<Self, InvalidEvent> {
        let tags = json.list_of("tags")?.iter().map(|tag| tag.text().map(str::to_owned));
        let tags = tags.collect::<Option<_>>().ok_or_else(|| form("each of tags must be a text"))?;
        let mode = json.text_of("mode")?;
        let mode =
            PurgeMode::parse(mode).ok_or_else(|| InvalidEvent::Form(format!("mode {mode:?} is unknown")))?;
        Ok(Self { tags, mode })
    }
}

impl PriceUpdate {
    fn read(json: &Json) -> Result<Self, InvalidEvent> {
        let margin_percent = match json.field("margin_percent") {
            Some(Json::Number(digits)) => Margin::parse_percent(digits).ok(),
            _ => None,
        };
        Ok(Self {
            product_id: ProductId::parse(json.text_of("product_id")?)
                .map_err(|_| form("product_id is none"))?,
            seq: json.integer_of("seq")?,
            display_paise: Paise(json.integer_of("display_paise")?),
            display_price_readable: json.text_of("display_price_readable")?.to_owned(),
            lowest_paise: Paise(json.integer_of("lowest_paise")?),
            margin_percent: margin_percent.ok_or_else(|| form("margin_percent is none"))?,
            blockchain: ChainState::read(json.field("blockchain").unwrap_or(&Json::Null))?,
        })
    }
}

impl ChainState {
    fn read(json: &Json) -> Result<Self, InvalidEvent> {
        let id = |name| Ok::<_, InvalidField>(json.optional_text_of(name)?.map(str::to_owned));
        Ok(Self {
            lowest_tx_id: id("lowest_tx_id")?,
            display_tx_id: id("display_tx_id")?,
            lowest_confirmed: json.bool_of("lowest_confirmed")?,
            display_confirmed: json.bool_of("display_confirmed")?,
        })
    }
}

impl Revocation {
    fn read(json: &Json) -> Result<Self, InvalidEvent> {
        let subject = Subject::parse(json.text_of("subject")?).ok_or_else(|| form(SUBJECT))?;
        Ok(Self { subject, not_before_ms: json.integer_of("not_before_ms")? })
    }
}

impl PurgeMode {
    /// The mode of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hard, Self::Soft, Self::Revalidate].into_iter().find(|mode| mode.as_str() == name)
    }

    /// Its name in JSON and queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Revalidate => "revalidate",
        }
    }
}

impl AuditEntry {
    fn read(json: &Json) -> Result<Self, InvalidEvent> {
        let text = |name| Ok::<_, InvalidField>(json.text_of(name)?.to_owned());
        Ok(Self {
            at_ms: json.integer_of("at_ms")?,
            who: text("who")?,
            what: text("what")?,
            from: text("from")?,
            result: text("result")?,
            correlation_id: json.optional_text_of("correlation_id")?.map(str::to_owned),
        })
    }

    /// With texts cut to what an entry may hold.
    #[must_use]
    pub fn cut(mut self) -> Self {
        let id = self.correlation_id.iter_mut();
        for text in [&mut self.who, &mut self.what, &mut self.from, &mut self.result].into_iter().chain(id) {
            text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        }
        self
    }

    fn is_short(&self) -> bool {
        let id = self.correlation_id.as_deref().unwrap_or("");
        [&*self.who, &*self.what, &*self.from, &*self.result, id]
            .iter()
            .all(|text| text.len() <= MAX_TEXT_BYTES)
    }
}

impl Subject {
    /// Reads `user:<number>` or `key:<number>`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("key:") {
            Some(number) if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok().map(Self::Key),
            Some(_) => None,
            None => UserId::parse_subject(text).map(Self::User),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Key(id) => write!(f, "key:{id}"),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(SUBJECT))
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, kind) = (&self.id, self.body.kind());
        match &self.body {
            EventBody::Purge(body) => Written { id, kind, body }.serialize(serializer),
            EventBody::Price(body) => Written { id, kind, body }.serialize(serializer),
            EventBody::Revoke(body) => Written { id, kind, body }.serialize(serializer),
            EventBody::Audit(body) => Written { id, kind, body }.serialize(serializer),
        }
    }
}

impl From<InvalidJson> for InvalidEvent {
    fn from(error: InvalidJson) -> Self {
        Self::Form(error.to_string())
    }
}

impl From<InvalidField> for InvalidEvent {
    fn from(error: InvalidField) -> Self {
        Self::Form(error.to_string())
    }
}

fn form(text: &str) -> InvalidEvent {
    InvalidEvent::Form(text.to_owned())
}

fn is_tag(tag: &str) -> bool {
    (1..=256).contains(&tag.len()) && !tag.chars().any(|c| c.is_whitespace() || c.is_control())
}
