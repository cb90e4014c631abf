//! Purges, by epochs: a log of the last calls that purged anything, a row each, and a table of all before them.
//!
//! Rows written: one per call, whatever it purges, and its deletion when it is folded into the table, half the log at a
//! time; for a list's tag that waits one more and its deletion, at most twice a second. An index by slot would cost two
//! rows per tag, and an import has thousands of tags. Rows read by a beat that has missed nothing: two.

use crate::hub::sql::{Row, Sql};
use valora_shared::{
    cache::{EpochChanges, Epochs, PurgeTarget, changes_from, mode_at, strictness},
    events::{Purge, PurgeMode},
    hub::{Batch, LIST_EVERY_MS},
    time::UnixMillis,
};

/// `bytes` is the length of all parts up to this one, those folded long ago included; `lists` the slots of list tags,
/// by commas.
pub(in crate::hub) const TABLE: &str = "CREATE TABLE IF NOT EXISTS purges \
    (epoch INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, lists TEXT NOT NULL, \
    part TEXT NOT NULL); \
    CREATE TABLE IF NOT EXISTS purged \
    (id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, bytes INTEGER NOT NULL, part TEXT NOT NULL); \
    CREATE TABLE IF NOT EXISTS purges_waiting \
    (slot INTEGER PRIMARY KEY, mode INTEGER NOT NULL, due_ms INTEGER NOT NULL);";

/// The most calls in the log.
const MAX_LOG: u64 = 256;
/// The most bytes of their parts. With the table's 170 kB that is what an isolate is told that knows nothing.
const MAX_LOG_BYTES: u64 = 16_000;

/// Where log or table ends.
#[derive(Clone, Copy, Default)]
struct End {
    epoch: u64,
    bytes: u64,
}

impl End {
    fn read(row: &mut Row) -> Result<Self, String> {
        Ok(Self { epoch: row.count()?, bytes: row.count()? })
    }
}

/// Purges what a delivery names; what waited and is due comes along. Returns the epoch from now on.
pub(in crate::hub) fn purge(sql: Sql<'_>, purges: &[Purge], now: UnixMillis) -> Result<u64, String> {
    let (mut batch, end) = begin(sql, now)?;
    let recent = if purges.is_empty() { Vec::new() } else { recent_lists(sql, now)? };
    for purge in purges {
        batch.add(purge, &recent);
    }
    commit(sql, &batch, end, now)
}

/// Purges what an admin says, at once.
pub(in crate::hub) fn clear(
    sql: Sql<'_>,
    target: &PurgeTarget,
    mode: PurgeMode,
    now: UnixMillis,
) -> Result<u64, String> {
    let (mut batch, end) = begin(sql, now)?;
    batch.clear(target, mode);
    commit(sql, &batch, end, now)
}

/// What was purged after epoch `known`, with what is due by now.
pub(in crate::hub) fn since(sql: Sql<'_>, known: u64, now: UnixMillis) -> Result<EpochChanges, String> {
    let epoch = purge(sql, &[], now)?;
    let log_after = |epoch: u64| -> Result<Vec<String>, String> {
        let statement = "SELECT part FROM purges WHERE epoch > ?1 ORDER BY epoch";
        sql.rows(statement, &[epoch.into()])?.iter_mut().map(Row::text).collect()
    };
    if known == epoch && known > 0 {
        return Ok(EpochChanges { epoch, ..EpochChanges::default() });
    }
    if let Some(known) = changes_from(known, epoch, table_end(sql)?.epoch) {
        return Ok(EpochChanges { epoch, is_anew: false, parts: log_after(known)? });
    }
    let (folded, table) = table(sql)?.map_or((0, None), |(folded, part)| (folded, Some(part)));
    let parts = table.into_iter().chain(log_after(folded)?).collect();
    Ok(EpochChanges { epoch, is_anew: true, parts })
}

/// A call's purges, beginning with those that waited and are due, or that a clock which stepped back would keep
/// waiting.
fn begin(sql: Sql<'_>, now: UnixMillis) -> Result<(Batch, End), String> {
    let statement = "SELECT epoch, bytes FROM purges ORDER BY epoch DESC LIMIT 1";
    let end = match sql.row(statement, &[])? {
        Some(mut row) => End::read(&mut row)?,
        None => match table_end(sql)? {
            End { epoch: 0, .. } => found(sql, now)?,
            end => end,
        },
    };
    let statement = "DELETE FROM purges_waiting WHERE due_ms <= ?1 OR due_ms > ?2 RETURNING slot, mode";
    let mut due = sql.rows(statement, &[now.0.into(), now.0.saturating_add(LIST_EVERY_MS).into()])?;
    let waiting = |row: &mut Row| {
        let (slot, mode) = (row.number().ok()?, row.number().ok()?);
        Some((slot.try_into().ok()?, mode_at(mode.try_into().ok()?)))
    };
    let due: Vec<_> = due.iter_mut().filter_map(waiting).collect();
    Ok((Batch::new(now, end.epoch.saturating_add(1), &due), end))
}

/// A Hub that remembers nothing may have had a memory. It counts on from the clock, beyond all it can have counted before
/// (a thousand calls a second), and whatever was stored before must be checked: what was purged meanwhile is lost.
fn found(sql: Sql<'_>, now: UnixMillis) -> Result<End, String> {
    let epoch = u64::try_from(now.0).unwrap_or_default().max(1);
    let mut all = Epochs::at(epoch);
    all.purge(&PurgeTarget::Everything, PurgeMode::Revalidate);
    let statement = "INSERT INTO purged (id, epoch, bytes, part) VALUES (1, ?1, 0, ?2)";
    sql.run(statement, &[epoch.into(), all.to_part().as_str().into()])?;
    Ok(End { epoch, bytes: 0 })
}

fn table_end(sql: Sql<'_>) -> Result<End, String> {
    let row = sql.row("SELECT epoch, bytes FROM purged WHERE id = 1", &[])?;
    row.map_or_else(|| Ok(End::default()), |mut row| End::read(&mut row))
}

/// The table, and the last epoch in it.
fn table(sql: Sql<'_>) -> Result<Option<(u64, String)>, String> {
    let row = sql.row("SELECT epoch, part FROM purged WHERE id = 1", &[])?;
    row.map(|mut row| Ok((row.count()?, row.text()?))).transpose()
}

/// Slots of list tags that were purged in the last half second, and when.
fn recent_lists(sql: Sql<'_>, now: UnixMillis) -> Result<Vec<(u16, UnixMillis)>, String> {
    let statement = "SELECT at_ms, lists FROM purges WHERE at_ms > ?1 AND at_ms < ?2 AND lists <> ''";
    let (from, to) = (now.0.saturating_sub(LIST_EVERY_MS), now.0.saturating_add(LIST_EVERY_MS));
    let mut recent = Vec::new();
    for mut row in sql.rows(statement, &[from.into(), to.into()])? {
        let (at, lists) = (UnixMillis(row.number()?), row.text()?);
        recent.extend(lists.split(',').filter_map(|slot| Some((slot.parse().ok()?, at))));
    }
    Ok(recent)
}

fn commit(sql: Sql<'_>, batch: &Batch, end: End, now: UnixMillis) -> Result<u64, String> {
    for waiting in &batch.waiting {
        let statement = "INSERT INTO purges_waiting (slot, mode, due_ms) VALUES (?1, ?2, ?3) \
            ON CONFLICT (slot) DO UPDATE SET mode = excluded.mode WHERE excluded.mode < mode";
        let (slot, mode) = (i64::from(waiting.slot), i64::from(strictness(waiting.mode)));
        sql.run(statement, &[slot.into(), mode.into(), waiting.due.0.into()])?;
    }
    if batch.marks.is_empty() {
        return Ok(end.epoch);
    }
    let part = batch.marks.to_part();
    let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
    let end = End { epoch: batch.marks.epoch(), bytes: end.bytes.saturating_add(length) };
    let lists: Vec<String> = batch.lists.iter().map(u16::to_string).collect();
    let statement = "INSERT INTO purges (epoch, at_ms, bytes, lists, part) VALUES (?1, ?2, ?3, ?4, ?5)";
    let (lists, part) = (lists.join(","), part.as_str());
    sql.run(
        statement,
        &[end.epoch.into(), now.0.into(), end.bytes.into(), lists.as_str().into(), part.into()],
    )?;
    let folded = table_end(sql)?;
    let log =
        End { epoch: end.epoch.saturating_sub(folded.epoch), bytes: end.bytes.saturating_sub(folded.bytes) };
    if log.epoch > MAX_LOG || log.bytes > MAX_LOG_BYTES {
        fold(sql, end)?;
    }
    Ok(end.epoch)
}

/// Folds the older half of the log into the table. The newer half stays, for isolates that lag a little.
fn fold(sql: Sql<'_>, end: End) -> Result<(), String> {
    let (epoch, bytes) = (end.epoch.saturating_sub(MAX_LOG / 2), end.bytes.saturating_sub(MAX_LOG_BYTES / 2));
    let statement = "SELECT epoch, bytes, part FROM purges \
        WHERE epoch <= ?1 OR bytes - length(part) < ?2 ORDER BY epoch";
    let (mut last, mut parts) = (None, Vec::new());
    for mut row in sql.rows(statement, &[epoch.into(), bytes.into()])? {
        last = Some(End::read(&mut row)?);
        parts.push(row.text()?);
    }
    let Some(last) = last else { return Ok(()) };
    let mut all = Epochs::default();
    let table = table(sql)?.map(|(_, part)| part);
    for part in table.iter().chain(&parts) {
        all.merge_part(part).map_err(|error| error.to_string())?;
    }
    let statement = "INSERT INTO purged (id, epoch, bytes, part) VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) \
        DO UPDATE SET epoch = excluded.epoch, bytes = excluded.bytes, part = excluded.part";
    sql.run(statement, &[last.epoch.into(), last.bytes.into(), all.to_part().as_str().into()])?;
    sql.run("DELETE FROM purges WHERE epoch <= ?1", &[last.epoch.into()])
}
