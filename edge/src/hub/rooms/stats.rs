//! What the caches did, over all isolates: one row, written once per isolate in use and five seconds.

use crate::hub::sql::Sql;
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
    sql.run(statement, &(hex::encode(told),))
}

/// What all told.
pub(in crate::hub) fn told(sql: Sql<'_>, now: UnixMillis) -> Result<Stats, String> {
    // As rows of purges, so that no code is needed for another kind.
    let row = sql.row::<(u64, u64, String)>("SELECT 0, 0, told FROM stats WHERE id = 1", &[(); 0])?;
    // A Worker that counts something else begins anew.
    let read = |(_, _, told): (u64, u64, String)| postcard::from_bytes(&hex::decode(told).ok()?).ok();
    let mut stats: Stats = row.and_then(read).unwrap_or_default();
    stats.forget(now);
    Ok(stats)
}
