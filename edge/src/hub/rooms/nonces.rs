//! Nonces of deliveries: each is good for once.

use crate::hub::sql::Sql;
use valora_shared::{hub::NONCE_LIFE_MS, time::UnixMillis};

pub(in crate::hub) const TABLE: &str = "CREATE TABLE IF NOT EXISTS nonces \
    (nonce TEXT PRIMARY KEY, ends_ms INTEGER NOT NULL) WITHOUT ROWID; \
    CREATE INDEX IF NOT EXISTS nonces_by_end ON nonces (ends_ms);";

/// Whether the nonce is seen for the first time; forgets those that no signature can bear any more.
pub(in crate::hub) fn spend(sql: Sql<'_>, nonce: &str, now: UnixMillis) -> Result<bool, String> {
    sql.run("DELETE FROM nonces WHERE ends_ms < ?1", &[now.0.into()])?;
    let ends = now.0.saturating_add(NONCE_LIFE_MS);
    let statement =
        "INSERT INTO nonces (nonce, ends_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING RETURNING ends_ms";
    Ok(sql.row(statement, &[nonce.into(), ends.into()])?.is_some())
}
