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
    Ok(sql.row::<(u64,)>(statement, &(name, more))?.map_or(more, |(value,)| value))
}

/// A counter; 0 where nothing was counted.
pub(super) fn current(sql: Sql<'_>, name: &str) -> Result<u64, String> {
    let row = sql.row::<(u64,)>("SELECT value FROM counters WHERE name = ?1", &(name,))?;
    Ok(row.map_or(0, |(value,)| value))
}

/// Counts prices, for which there are no rooms yet.
pub(in crate::hub) fn count_prices(sql: Sql<'_>, prices: u64) -> Result<u64, String> {
    count(sql, "prices", prices)
}
