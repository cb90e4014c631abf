//! What the caches did, over all isolates: one row, written once per isolate in use and five seconds.

use crate::hub::sql::{Row, Sql};
use valora_shared::{
    hub::{Report, Stats},
    time::UnixMillis,
};

pub(in crate::hub) const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS stats (id INTEGER PRIMARY KEY, told TEXT NOT NULL);";

/// Adds what an isolate tells.
pub(in crate::hub) fn tell(sql: Sql<'_>, report: Report, now: UnixMillis) -> Result<(), String> {
    let mut stats = told(sql, now)?;
    stats.merge(report, now);
    let told = postcard::to_allocvec(&stats).map_err(|error| error.to_string())?;
    let statement =
        "INSERT INTO stats (id, told) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET told = excluded.told";
    sql.run(statement, &[hex::encode(told).as_str().into()])
}

/// What all told.
pub(in crate::hub) fn told(sql: Sql<'_>, now: UnixMillis) -> Result<Stats, String> {
    let row = sql.row("SELECT told FROM stats WHERE id = 1", &[])?;
    // A Worker that counts something else begins anew.
    let read = |mut row: Row| postcard::from_bytes(&hex::decode(row.text().ok()?).ok()?).ok();
    let mut stats: Stats = row.and_then(read).unwrap_or_default();
    stats.forget(now);
    Ok(stats)
}
