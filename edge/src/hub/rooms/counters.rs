//! Numbers that only grow.

use crate::hub::sql::Sql;

pub(in crate::hub) const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;";

/// Adds to a counter and returns it.
pub(super) fn count(sql: Sql<'_>, name: &str, more: u64) -> Result<u64, String> {
    if more == 0 {
        return current(sql, name);
    }
    let statement = "INSERT INTO counters (name, value) VALUES (?1, ?2) \
        ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value";
    let row = sql.row(statement, &[name.into(), more.into()])?;
    row.map_or(Ok(more), |mut row| row.count())
}

/// A counter; 0 where nothing was counted.
pub(super) fn current(sql: Sql<'_>, name: &str) -> Result<u64, String> {
    let row = sql.row("SELECT value FROM counters WHERE name = ?1", &[name.into()])?;
    row.map_or(Ok(0), |mut row| row.count())
}

/// Counts prices, for which there are no rooms yet.
pub(in crate::hub) fn count_prices(sql: Sql<'_>, prices: u64) -> Result<u64, String> {
    count(sql, "prices", prices)
}
