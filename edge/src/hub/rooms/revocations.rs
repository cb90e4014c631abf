//! Who is revoked, and since when.

use super::counters;
use crate::hub::sql::{Row, Sql};
use valora_shared::{
    events::{Revocation, Subject},
    hub::{MAX_LIST, RevocationList, is_over, list_from},
    time::UnixMillis,
};

pub(in crate::hub) const TABLE: &str = "CREATE TABLE IF NOT EXISTS revocations \
    (subject TEXT PRIMARY KEY, not_before_ms INTEGER NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID; \
    CREATE UNIQUE INDEX IF NOT EXISTS revocations_by_version ON revocations (version); \
    CREATE INDEX IF NOT EXISTS revocations_by_time ON revocations (not_before_ms);";

const VERSION: &str = "revocations";
/// How many are looked at for forgetting in one call: enough to keep pace, and no call grows long.
const FORGOTTEN_AT_ONCE: i64 = 200;

/// Takes a revocation. A second one of the same subject never moves the moment back, and the same one again changes
/// nothing.
pub(in crate::hub) fn revoke(sql: Sql<'_>, revocation: &Revocation) -> Result<(), String> {
    if not_before(sql, revocation.subject)?.is_some_and(|known| known >= revocation.not_before_ms) {
        return Ok(());
    }
    let version = counters::count(sql, VERSION, 1)?;
    let statement = "INSERT INTO revocations (subject, not_before_ms, version) VALUES (?1, ?2, ?3) \
        ON CONFLICT (subject) DO UPDATE SET not_before_ms = excluded.not_before_ms, version = excluded.version";
    let subject = revocation.subject.to_string();
    sql.run(statement, &[subject.as_str().into(), revocation.not_before_ms.into(), version.into()])
}

/// Up to which moment a subject's credentials are worth nothing.
pub(in crate::hub) fn not_before(sql: Sql<'_>, subject: Subject) -> Result<Option<i64>, String> {
    let statement = "SELECT not_before_ms FROM revocations WHERE subject = ?1";
    sql.row(statement, &[subject.to_string().as_str().into()])?.map(|mut row| row.number()).transpose()
}

/// What changed after version `known`.
pub(in crate::hub) fn since(sql: Sql<'_>, known: u64) -> Result<RevocationList, String> {
    let current = counters::current(sql, VERSION)?;
    let (from, is_anew) = list_from(known, current);
    let statement = "SELECT subject, not_before_ms, version FROM revocations WHERE version > ?1 ORDER BY version LIMIT ?2";
    let most = i64::try_from(MAX_LIST).unwrap_or(i64::MAX);
    let (mut revocations, mut reached) = (Vec::new(), current);
    for mut row in sql.rows(statement, &[from.into(), most.into()])? {
        revocations.push(revocation(&mut row)?);
        reached = row.count()?;
    }
    let is_complete = revocations.len() < MAX_LIST;
    let version = if is_complete { current } else { reached };
    Ok(RevocationList { version, revocations, is_complete, is_anew })
}

/// Forgets, oldest first, what covers nothing alive any more.
pub(in crate::hub) fn forget(sql: Sql<'_>, now: UnixMillis) -> Result<(), String> {
    // Users apart from keys: those last for years and would stand before them in one list.
    for kind in ["user:", "key:"] {
        let statement = "SELECT subject, not_before_ms FROM revocations \
            WHERE substr(subject, 1, ?1) = ?2 ORDER BY not_before_ms LIMIT ?3";
        let length = i64::try_from(kind.len()).unwrap_or_default();
        for mut row in sql.rows(statement, &[length.into(), kind.into(), FORGOTTEN_AT_ONCE.into()])? {
            let revocation = revocation(&mut row)?;
            if is_over(&revocation, now) {
                let subject = revocation.subject.to_string();
                sql.run("DELETE FROM revocations WHERE subject = ?1", &[subject.as_str().into()])?;
            }
        }
    }
    Ok(())
}

fn revocation(row: &mut Row) -> Result<Revocation, String> {
    let subject = Subject::parse(&row.text()?).ok_or("a subject is none")?;
    Ok(Revocation { subject, not_before_ms: row.number()? })
}
