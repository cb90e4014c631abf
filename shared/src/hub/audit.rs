//! The audit: records that each carry the hash of the one before, so that none can be changed or taken out unseen.

use crate::{
    events::AuditEntry,
    json::{Object, list, quoted},
    time::UnixMillis,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// `previous_hash` of the first record.
pub const FIRST_PREVIOUS_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One record, as `GET /api/admin/audit` shows it.
///
/// `hash` is the SHA-256, in lower-case hex, of this JSON array written without spaces, each value exactly as the
/// record shows it, UTF-8, nothing escaped that need not be:
///
/// ```text
/// [id,at,who,what,from,result,correlation_id,previous_hash]
/// ```
///
/// which in JavaScript is `JSON.stringify([r.id, r.at, r.who, …])`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// 1, 2, 3 …, without a gap.
    pub id: u64,
    /// When it was done: RFC 3339 in UTC.
    pub at: String,
    /// A credential's name: `admin-token`, `user:7`, `key:3`, `cli`, `nobody`.
    pub who: String,
    /// Method and route, or the command.
    pub what: String,
    /// A pseudonym of the client.
    pub from: String,
    /// An HTTP status, or what became of the command.
    pub result: String,
    /// Ties it to the request's log lines.
    pub correlation_id: Option<String>,
    /// `hash` of the record with the number before; of the first, [`FIRST_PREVIOUS_HASH`].
    pub previous_hash: String,
    /// Of all of the above.
    pub hash: String,
}

impl Record {
    /// The record after one with number and hash `last`; the first without one.
    pub fn after(last: Option<(u64, String)>, entry: AuditEntry) -> Self {
        let (last_id, previous_hash) = last.unwrap_or_else(|| (0, FIRST_PREVIOUS_HASH.to_owned()));
        let record = Self {
            id: last_id.saturating_add(1),
            at: UnixMillis(entry.at_ms).to_rfc3339(),
            who: entry.who,
            what: entry.what,
            from: entry.from,
            result: entry.result,
            correlation_id: entry.correlation_id,
            previous_hash,
            hash: String::new(),
        };
        Self { hash: record.expected_hash(), ..record }
    }

    /// What `hash` must be.
    pub fn expected_hash(&self) -> String {
        let values = [self.id.to_string()].into_iter().chain(self.hashed().map(|(_, value)| value));
        hex::encode(Sha256::digest(list(&values.collect::<Vec<_>>())))
    }

    /// As JSON, as serde would write it.
    pub fn to_json(&self) -> String {
        let mut object = Object::default();
        object.count("id", self.id);
        for (name, value) in self.hashed() {
            object.json(name, &value);
        }
        object.text("hash", &self.hash).to_json()
    }

    /// What is hashed beside the number: values are JSON.
    fn hashed(&self) -> [(&'static str, String); 7] {
        let correlation_id = self.correlation_id.as_deref().map_or_else(|| "null".to_owned(), quoted);
        [
            ("at", quoted(&self.at)),
            ("who", quoted(&self.who)),
            ("what", quoted(&self.what)),
            ("from", quoted(&self.from)),
            ("result", quoted(&self.result)),
            ("correlation_id", correlation_id),
            ("previous_hash", quoted(&self.previous_hash)),
        ]
    }
}

/// Whether records, newest first, are an unbroken piece of the chain: every hash is right, every number follows, every
/// record names the hash before. Whether the oldest one's `previous_hash` is right only the next page tells.
pub fn is_chain(newest_first: &[Record]) -> bool {
    let is_right = newest_first.iter().all(|record| record.hash == record.expected_hash());
    let pairs = newest_first.iter().zip(newest_first.iter().skip(1));
    let follows = |(newer, older): (&Record, &Record)| {
        newer.id == older.id.saturating_add(1) && newer.previous_hash == older.hash
    };
    let begins = |record: &Record| record.id != 1 || record.previous_hash == FIRST_PREVIOUS_HASH;
    is_right && pairs.into_iter().all(follows) && newest_first.last().is_none_or(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(who: &str) -> AuditEntry {
        AuditEntry {
            at_ms: 1_790_000_000_123,
            who: who.to_owned(),
            what: "GET /api/admin/audit".to_owned(),
            from: "a1b2".to_owned(),
            result: "200".to_owned(),
            correlation_id: Some("some-request".to_owned()),
        }
    }

    fn chain() -> Vec<Record> {
        let first = Record::after(None, entry("user:1"));
        let second = Record::after(Some((first.id, first.hash.clone())), entry("user:2"));
        let third = Record::after(Some((second.id, second.hash.clone())), entry("ä"));
        vec![third, second, first]
    }

    #[test]
    fn the_hash_of_a_record_does_not_change() {
        // Computed with `printf … | sha256sum`: old records must be right for ever.
        let first = Record::after(None, entry("user:1"));
        assert_eq!(first.hash, "1aff488cc32e70e37dbb33bb5e8502530f06d780e484f9a72d874709f24b4cb2");
        assert_eq!((first.id, first.at.as_str()), (1, "2026-09-21T14:13:20.123Z"));
    }

    #[test]
    fn a_record_is_written_as_serde_would() {
        for record in chain() {
            assert_eq!(record.to_json(), serde_json::to_string(&record).unwrap());
        }
        let record = Record { correlation_id: None, ..chain().remove(0) };
        assert_eq!(record.to_json(), serde_json::to_string(&record).unwrap());
    }

    #[test]
    fn whatever_is_changed_or_taken_out_breaks_the_chain() {
        assert!(is_chain(&chain()));
        assert!(is_chain(&chain()[..2]));
        assert!(is_chain(&[]));
        let broken = |change: fn(&mut Vec<Record>)| {
            let mut records = chain();
            change(&mut records);
            !is_chain(&records)
        };
        assert!(broken(|records| records[1].who = "user:9".to_owned()));
        assert!(broken(|records| records[2].result = "403".to_owned()));
        assert!(broken(|records| records[0].hash = records[1].hash.clone()));
        assert!(broken(|records| drop(records.remove(1))));
        assert!(broken(|records| records.swap(0, 1)));
        assert!(broken(|records| {
            records[2].previous_hash = "1".repeat(64);
            records[2].hash = records[2].expected_hash();
        }));
    }
}
