//! The audit: append-only, by `SQLite` itself, and chained by hashes (`valora_shared::hub::Record`).

use crate::hub::sql::{Row, Sql};
use valora_shared::{
    events::{AuditEntry, EventId},
    hub::{Record, Reply, is_chain},
};

/// `event_id` is the id of the origin's event, by which a second delivery is known; none for the edge's own.
pub(in crate::hub) const TABLE: &str = "CREATE TABLE IF NOT EXISTS audit \
    (id INTEGER PRIMARY KEY, event_id TEXT UNIQUE, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, \
    origin TEXT NOT NULL, result TEXT NOT NULL, correlation_id TEXT, previous_hash TEXT NOT NULL, \
    hash TEXT NOT NULL); \
    CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit \
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END; \
    CREATE TRIGGER IF NOT EXISTS audit_is_not_shortened BEFORE DELETE ON audit \
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;";

/// Appends entries of the edge's own.
pub(in crate::hub) fn append(sql: Sql<'_>, entries: Vec<AuditEntry>) -> Result<(), String> {
    entries.into_iter().try_for_each(|entry| insert(sql, None, entry))
}

/// Appends the origin's, each once.
pub(in crate::hub) fn append_events(sql: Sql<'_>, events: Vec<(EventId, AuditEntry)>) -> Result<(), String> {
    for (id, entry) in events {
        let known = "SELECT id FROM audit WHERE event_id = ?1";
        if sql.row(known, &[id.as_str().into()])?.is_none() {
            insert(sql, Some(id.as_str()), entry)?;
        }
    }
    Ok(())
}

/// Records before a number, newest first.
pub(in crate::hub) fn records(sql: Sql<'_>, limit: u32, before: Option<u64>) -> Result<Reply, String> {
    // 2^53 - 1, the largest number that crosses to JavaScript whole.
    let before = before.unwrap_or(u64::MAX).min((1 << 53) - 1);
    let statement = "SELECT id, at, who, what, origin, result, correlation_id, previous_hash, hash FROM audit \
        WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    // One more than asked for: it tells whether there are more, and the link to it is checked.
    let bindings = [before.into(), i64::from(limit.saturating_add(1)).into()];
    let mut records: Vec<Record> =
        sql.rows(statement, &bindings)?.iter_mut().map(record).collect::<Result<_, _>>()?;
    let chain_ok = is_chain(&records);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = records.len() > limit;
    records.truncate(limit);
    Ok(Reply::Records { records, has_more, chain_ok })
}

fn insert(sql: Sql<'_>, event_id: Option<&str>, entry: AuditEntry) -> Result<(), String> {
    let last = sql.row("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", &[])?;
    let last = last.map(|mut row| Ok::<_, String>((row.count()?, row.text()?))).transpose()?;
    let record = Record::after(last, entry);
    let statement = "INSERT INTO audit (id, event_id, at, who, what, origin, result, correlation_id, previous_hash, \
        hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let bindings = [
        record.id.into(),
        event_id.into(),
        record.at.as_str().into(),
        record.who.as_str().into(),
        record.what.as_str().into(),
        record.from.as_str().into(),
        record.result.as_str().into(),
        record.correlation_id.as_deref().into(),
        record.previous_hash.as_str().into(),
        record.hash.as_str().into(),
    ];
    sql.run(statement, &bindings)
}

fn record(row: &mut Row) -> Result<Record, String> {
    Ok(Record {
        id: row.count()?,
        at: row.text()?,
        who: row.text()?,
        what: row.text()?,
        from: row.text()?,
        result: row.text()?,
        correlation_id: row.maybe_text()?,
        previous_hash: row.text()?,
        hash: row.text()?,
    })
}
