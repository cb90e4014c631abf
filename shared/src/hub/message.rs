//! What is asked of the Hub in one call, and what it answers. Postcard between parts of one Worker, which a
//! deployment replaces together: it is no stored format.

use super::{Record, Report, RevocationList, Stats};
use crate::{
    cache::{EpochChanges, PurgeTarget},
    events::{AuditEntry, Event, EventBody, EventId, Purge, PurgeMode, Read, Receipt, Revocation, Subject},
};
use serde::{Deserialize, Serialize};

/// The most audit entries in one call of an isolate.
pub const MAX_ENTRIES: usize = 100;

/// One call. Each is one transaction in the Hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Is it there, and its storage with it?
    Probe,
    /// What has changed? Suspicion joins it with its issue.
    Beat(Beat),
    /// May an admin's credential still be believed? `ADMIN_TOKEN` has no subject that could be revoked; it is asked
    /// for nevertheless, because without the Hub there is no yes.
    Check {
        /// Whose token.
        subject: Option<Subject>,
    },
    /// A delivery of the origin's.
    Take(Delivered),
    /// An admin purges.
    Purge {
        /// What.
        target: PurgeTarget,
        /// In which mode.
        mode: PurgeMode,
        /// For the audit, in the same transaction.
        entry: AuditEntry,
    },
    /// What do the caches do?
    Stats,
    /// Append to the audit.
    Audit {
        /// In their order, at most [`MAX_ENTRIES`].
        entries: Vec<AuditEntry>,
    },
    /// Append `entry`, then read the audit.
    Records {
        /// The reading itself.
        entry: AuditEntry,
        /// At most so many.
        limit: u32,
        /// Only records with a smaller number.
        before: Option<u64>,
    },
}

/// What an isolate knows, and what it tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The version of its revocations; 0 for an isolate that knows nothing.
    pub revocations: u64,
    /// Its purge epoch; 0 likewise.
    pub epoch: u64,
    /// What its cache did.
    pub report: Option<Report>,
}

/// The answer to a [`Call`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To a probe, and to entries: it is done.
    Done,
    /// To a beat.
    Lists {
        /// After the version asked from.
        revocations: RevocationList,
        /// After the epoch asked from.
        epochs: EpochChanges,
    },
    /// To a check: what was made up to this moment is worth nothing.
    NotBefore(Option<i64>),
    /// To a purge.
    Purged {
        /// The purge epoch from now on.
        epoch: u64,
        /// When, by the Hub's clock: milliseconds since 1970.
        at_ms: i64,
        /// About how many entries of isolates' memories it concerns.
        estimate: u64,
    },
    /// To the question for statistics.
    Stats {
        /// Of all isolates.
        stats: Stats,
        /// The purge epoch.
        epoch: u64,
    },
    /// To a delivery.
    Taken {
        /// The purge epoch from now on.
        epoch: u64,
        /// When, by the Hub's clock: milliseconds since 1970.
        at_ms: i64,
    },
    /// To a delivery that was received before. Nothing was done.
    Replayed,
    /// To a reading, newest first.
    Records {
        /// At most `limit`.
        records: Vec<Record>,
        /// Whether there are older ones.
        has_more: bool,
        /// Whether hashes and numbers are right, the link to the next older record included.
        chain_ok: bool,
    },
}

/// What the Hub needs to know of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Of the delivery's signature; refused the second time.
    pub nonce: String,
    /// In their order.
    pub revocations: Vec<Revocation>,
    /// With their events' ids, by which a second delivery of the same is known.
    pub audit: Vec<(EventId, AuditEntry)>,
    /// Likewise.
    pub purges: Vec<Purge>,
    /// How many prices; until there are rooms for them they are counted only.
    pub prices: u64,
}

impl Delivered {
    /// From a delivery as read, with the receipt for when the Hub has taken it.
    pub fn sort(nonce: &str, delivery: Vec<Read>) -> (Self, Receipt) {
        let (mut delivered, mut receipt) =
            (Self { nonce: nonce.to_owned(), ..Self::default() }, Receipt::default());
        for read in delivery {
            match read {
                Err(refused) => receipt.refused.push(refused),
                Ok(Event { id, body }) => {
                    receipt.done.push(id.clone());
                    match body {
                        EventBody::Purge(purge) => delivered.purges.push(purge),
                        EventBody::Price(_) => delivered.prices += 1,
                        EventBody::Revoke(revocation) => delivered.revocations.push(revocation),
                        EventBody::Audit(entry) => delivered.audit.push((id, entry)),
                    }
                }
            }
        }
        (delivered, receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::UserId, events};

    #[test]
    fn a_delivery_is_sorted_by_kind_and_what_cannot_be_taken_is_in_the_receipt() {
        let id = |last: char| format!("01ARZ3NDEKTSV4RRFFQ69G5FA{last}");
        let json = format!(
            r#"{{"v":1,"events":[
                {{"id":"{}","kind":"purge","tags":["products"],"mode":"hard"}},
                {{"id":"{}","kind":"teleport"}},
                {{"id":"{}","kind":"revoke","subject":"user:7","not_before_ms":5}},
                {{"id":"{}","kind":"audit","at_ms":1,"who":"cli","what":"x","from":"y","result":"ok","correlation_id":null}}
            ]}}"#,
            id('0'),
            id('1'),
            id('2'),
            id('3')
        );
        let (delivered, receipt) = Delivered::sort("n", events::parse(&json).unwrap());
        assert_eq!((delivered.purges.len(), delivered.prices, delivered.audit.len()), (1, 0, 1));
        assert_eq!(delivered.purges[0].tags, ["products"]);
        let revocation = Revocation { subject: Subject::User(UserId(7)), not_before_ms: 5 };
        assert_eq!(delivered.revocations, [revocation]);
        assert_eq!(receipt.done.iter().map(EventId::as_str).collect::<Vec<_>>(), [id('0'), id('2'), id('3')]);
        assert_eq!(receipt.refused[0].id.as_str(), id('1'));
    }

    #[test]
    fn a_call_and_a_reply_are_read_as_they_are_written() {
        let call = Call::Check { subject: Some(Subject::Key(3)) };
        let text = serde_json::to_string(&call).unwrap();
        assert_eq!(text, r#"{"check":{"subject":"key:3"}}"#);
        assert_eq!(serde_json::from_str::<Call>(&text).unwrap(), call);
        assert_eq!(serde_json::to_string(&Call::Probe).unwrap(), r#""probe""#);
        let taken = Reply::Taken { epoch: 3, at_ms: 7 };
        assert_eq!(serde_json::to_string(&taken).unwrap(), r#"{"taken":{"epoch":3,"at_ms":7}}"#);
        let target = PurgeTarget::parse("/api/prices/*").unwrap();
        let entry = AuditEntry {
            at_ms: 1,
            who: "a".to_owned(),
            what: "b".to_owned(),
            from: "c".to_owned(),
            result: "200".to_owned(),
            correlation_id: None,
        };
        let call = Call::Purge { target, mode: PurgeMode::Soft, entry };
        let text = serde_json::to_string(&call).unwrap();
        assert!(text.contains(r#""target":"/api/prices/*""#), "{text}");
        assert_eq!(serde_json::from_str::<Call>(&text).unwrap(), call);
    }
}
