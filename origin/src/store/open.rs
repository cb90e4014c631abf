//! How connections are made.

use super::Result;
use crate::config::DatabaseUrl;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::time::Duration;

/// Readers do not wait for the writer (WAL), so a few connections keep two cores busy; each costs up to 2 MB.
const MAX_CONNECTIONS: u32 = 4;
/// A request that gets no connection within this is told that the database is unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Writers wait this long for each other: longer than the import of 20,000 products holds the lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn options(url: &DatabaseUrl) -> SqliteConnectOptions {
    let base = match url {
        DatabaseUrl::File(path) => SqliteConnectOptions::new().filename(path),
        // Connections of one process share it by its name, which no other store of the process has.
        DatabaseUrl::Memory => SqliteConnectOptions::new()
            .filename(format!("file:valora-{}", crate::clock::random_id()))
            .in_memory(true)
            .shared_cache(true),
    };
    base.create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL survives kill -9 in WAL mode, too: the pages are with the kernel. FULL also survives a power
        // failure, for one fsync a commit, and there are few: only changed prices are written.
        .synchronous(SqliteSynchronous::Full)
}

pub(super) async fn pool(options: SqliteConnectOptions) -> Result<SqlitePool> {
    let pool = SqlitePoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        // One stays, or a database in memory would be gone.
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // SQLite is in this process: asking it whether it is still there costs as much as the query.
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(pool)
}
