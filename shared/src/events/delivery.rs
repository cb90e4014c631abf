//! A delivery: its form, and the edge's answer.

use super::{Event, EventId, InvalidEvent, MAX_EVENTS};
use crate::json::{InvalidField, Json, Object, list, quoted};
use serde::{Deserialize, Serialize};

/// The version of the form.
const VERSION: i64 = 1;

/// An event as received: the event, or whose id could be read but nothing that can be taken.
pub type Read = Result<Event, RefusedEvent>;

/// Why a body is no delivery at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDelivery {
    /// Not the JSON it should be; nothing of it can be answered for.
    #[error("{0}")]
    Form(String),
    /// Another version of the form.
    #[error("v must be 1")]
    Version,
    /// Too many at once.
    #[error("events must be at most {MAX_EVENTS}")]
    TooMany,
}

/// The edge's answer: every event of the delivery is in `done` or in `refused`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Taken, now or before.
    pub done: Vec<EventId>,
    /// Not to be sent again as they are.
    pub refused: Vec<RefusedEvent>,
    /// The purge epoch that holds from now on.
    pub epoch: u64,
    /// From when on no answer, unless it is marked as unverified, is older than what is `done`: RFC 3339. Edges before
    /// purge existed do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_by: Option<String>,
}

/// An event the edge does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEvent {
    /// Its id.
    pub id: EventId,
    /// Why.
    pub error: String,
}

impl Receipt {
    /// As JSON, as serde would write it.
    pub fn to_json(&self) -> String {
        let done: Vec<String> = self.done.iter().map(|id| quoted(id.as_str())).collect();
        let refused = self.refused.iter().map(|RefusedEvent { id, error }| {
            Object::default().text("id", id.as_str()).text("error", error).to_json()
        });
        let refused: Vec<String> = refused.collect();
        let mut object = Object::default();
        object.json("done", &list(&done)).json("refused", &list(&refused)).count("epoch", self.epoch);
        object.maybe_text("visible_by", self.visible_by.as_deref()).to_json()
    }

    /// Adds an event that is not taken.
    pub fn refuse(&mut self, id: EventId, error: String) {
        self.refused.push(RefusedEvent { id, error });
    }
}

#[derive(Serialize)]
struct Written<'a> {
    v: i64,
    events: &'a [Event],
}

/// The body of a delivery.
///
/// # Errors
/// None that is known: all of it is texts and integers.
pub fn to_json(events: &[Event]) -> serde_json::Result<String> {
    serde_json::to_string(&Written { v: VERSION, events })
}

/// Reads a delivery, in its order.
///
/// # Errors
/// [`InvalidDelivery`]: nothing of it was read. An event without a readable id is that too, since no receipt could
/// name it.
pub fn parse(json: &str) -> Result<Vec<Read>, InvalidDelivery> {
    let json = Json::parse(json).map_err(|error| InvalidDelivery::Form(error.to_string()))?;
    let field = |error: InvalidField| InvalidDelivery::Form(error.to_string());
    if json.integer_of("v").map_err(field)? != VERSION {
        return Err(InvalidDelivery::Version);
    }
    let events = json.list_of("events").map_err(field)?;
    if events.len() > MAX_EVENTS {
        return Err(InvalidDelivery::TooMany);
    }
    events
        .iter()
        .map(|event| {
            let (id, kind) = (event.text_of("id").map_err(field)?, event.text_of("kind").map_err(field)?);
            let id = EventId::parse(id).map_err(|error| InvalidDelivery::Form(format!("id {error}")))?;
            let refused = |error: InvalidEvent| RefusedEvent { id: id.clone(), error: error.to_string() };
            Ok(Event::read(id.clone(), kind, event).map_err(refused))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::UserId,
        events::{AuditEntry, ChainState, EventBody, PriceUpdate, Purge, PurgeMode, Revocation, Subject},
        id::ProductId,
        money::{Margin, Paise},
    };

    const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn event(body: EventBody) -> Event {
        Event { id: EventId::parse(ID).unwrap(), body }
    }

    fn all_kinds() -> Vec<Event> {
        let bodies = [
            EventBody::Purge(Purge {
                tags: vec!["product:1".to_owned(), "products".to_owned()],
                mode: PurgeMode::Revalidate,
            }),
            EventBody::Price(PriceUpdate {
                product_id: ProductId::parse("1").unwrap(),
                seq: 7,
                display_paise: Paise(1_939_903),
                display_price_readable: "₹19399.03".to_owned(),
                lowest_paise: Paise(1_999_900),
                margin_percent: Margin::from_basis_points(225).unwrap(),
                blockchain: ChainState::default(),
            }),
            EventBody::Revoke(Revocation {
                subject: Subject::User(UserId(7)),
                not_before_ms: 1_790_000_000_000,
            }),
            EventBody::Audit(AuditEntry {
                at_ms: 1,
                who: "user:7".to_owned(),
                what: "GET /api/admin/users".to_owned(),
                from: "a1b2".to_owned(),
                result: "200".to_owned(),
                correlation_id: None,
            }),
        ];
        bodies.map(event).into()
    }

    #[test]
    fn a_delivery_is_written_as_designed() {
        let events = all_kinds();
        let price = to_json(&events[1..2]).unwrap();
        assert_eq!(
            price,
            r#"{"v":1,"events":[{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","kind":"price","product_id":"1","seq":7,"display_paise":1939903,"display_price_readable":"₹19399.03","lowest_paise":1999900,"margin_percent":2.25,"blockchain":{"lowest_tx_id":null,"display_tx_id":null,"lowest_confirmed":false,"display_confirmed":false}}]}"#
        );
        let revoke = to_json(&events[2..3]).unwrap();
        assert!(revoke.ends_with(r#""kind":"revoke","subject":"user:7","not_before_ms":1790000000000}]}"#));
    }

    #[test]
    fn what_is_written_is_read_again_in_its_order() {
        let events = all_kinds();
        let read: Vec<_> =
            parse(&to_json(&events).unwrap()).unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(read, events);
    }

    #[test]
    fn an_event_that_cannot_be_taken_is_refused_alone() {
        let with = |event: &str| {
            parse(&format!(r#"{{"v":1,"events":[{{"id":"{ID}",{event}}}]}}"#)).unwrap().remove(0).unwrap_err()
        };
        assert_eq!(with(r#""kind":"teleport""#).error, "kind \"teleport\" is unknown");
        assert!(with(r#""kind":"purge","tags":[],"mode":"hard""#).error.contains("tags"));
        assert!(with(r#""kind":"purge","tags":["a b"],"mode":"hard""#).error.contains("tags"));
        assert!(with(r#""kind":"purge","tags":["a"],"mode":"burn""#).error.contains("burn"));
        assert!(
            with(r#""kind":"revoke","subject":"ip:1.2.3.4","not_before_ms":1"#).error.contains("subject")
        );
        for at in ["-1", "9007199254740992", "9223372036854775807"] {
            let revoke = format!(r#""kind":"revoke","subject":"user:1","not_before_ms":{at}"#);
            assert!(with(&revoke).error.contains("not_before_ms"), "{at}");
        }
    }

    #[test]
    fn a_receipt_is_read_with_and_without_the_moment_of_visibility() {
        let old = format!(r#"{{"done":["{ID}"],"refused":[],"epoch":1}}"#);
        let receipt: Receipt = serde_json::from_str(&old).unwrap();
        assert_eq!((receipt.visible_by.as_deref(), receipt.done.len()), (None, 1));
        assert_eq!(serde_json::to_string(&receipt).unwrap(), old);
        let new = old.replace("1}", r#"1,"visible_by":"2026-09-21T14:13:20.123Z"}"#);
        let receipt: Receipt = serde_json::from_str(&new).unwrap();
        assert_eq!(receipt.visible_by.as_deref(), Some("2026-09-21T14:13:20.123Z"));
        assert_eq!(serde_json::to_string(&receipt).unwrap(), new);
        assert_eq!(receipt.to_json(), new);
        let mut receipt: Receipt = serde_json::from_str(&old).unwrap();
        receipt.refuse(EventId::parse(ID).unwrap(), "\"kind\"".to_owned());
        assert_eq!(receipt.to_json(), serde_json::to_string(&receipt).unwrap());
    }

    #[test]
    fn what_is_no_delivery_is_refused_whole() {
        assert_eq!(parse(r#"{"v":2,"events":[]}"#), Err(InvalidDelivery::Version));
        assert!(matches!(parse("[]"), Err(InvalidDelivery::Form(_))));
        assert!(matches!(parse(r#"{"v":1,"events":[{"kind":"purge"}]}"#), Err(InvalidDelivery::Form(_))));
        let many = format!(r#"{{"v":1,"events":[{}]}}"#, vec!["1"; MAX_EVENTS + 1].join(","));
        assert_eq!(parse(&many), Err(InvalidDelivery::TooMany));
    }

    #[test]
    fn a_subject_is_a_user_or_a_key() {
        for text in ["user:7", "key:12"] {
            assert_eq!(Subject::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "key:", "key:-1", "user:x", "ip:127.0.0.1"] {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }
}
