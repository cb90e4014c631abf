//! How connections are made.

use super::{Result, StoreError};
use crate::config::DatabaseUrl;
use sqlx::{
    ConnectOptions, Connection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::time::Duration;

/// Readers do not wait for the writer (WAL), so a few connections keep two cores busy; each costs up to 2 MB.
const MAX_CONNECTIONS: u32 = 4;
/// A request that gets no connection within this is told that the database is unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Writers wait this long for each other: longer than the import of 20,000 products holds the lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// 64 MiB of pages (the unit is KiB), some 100,000 products with two sources. The usual 2 MB hold a tenth of
/// 20,000. The connection keeps it, so this is for the importing process, which ends.
pub(super) const LARGE_CACHE: &str = "PRAGMA cache_size = -65536";

pub(super) fn options(url: &DatabaseUrl) -> SqliteConnectOptions {
    let base = match url {
        DatabaseUrl::File(path) => SqliteConnectOptions::new().filename(path),
        DatabaseUrl::Memory => SqliteConnectOptions::new().filename(":memory:").in_memory(true),
    };
    base.create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL survives kill -9 in WAL mode, too: the pages are with the kernel. FULL also survives a power
        // failure, for one fsync a commit, and there are few: only changed prices are written.
        .synchronous(SqliteSynchronous::Full)
        // A statement of many rows keeps the pages it changes until its end, to undo it alone. In files that is
        // most of an import's writing.
        .pragma("temp_store", "memory")
}

/// The one fault of opening that says nothing by itself.
fn not_opened(url: &DatabaseUrl, error: sqlx::Error) -> StoreError {
    /// `SQLITE_CANTOPEN`
    const CANNOT_OPEN: &str = "14";
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.as_deref() == Some(CANNOT_OPEN) {
        return StoreError::NotOpened { path: url.to_string(), source: error };
    }
    error.into()
}

/// The pool of the one writer.
pub(super) async fn writer(options: SqliteConnectOptions) -> Result<SqlitePool> {
    Ok(lasting(1).connect_with(options).await?)
}

pub(super) async fn pool(url: &DatabaseUrl, options: SqliteConnectOptions) -> Result<SqlitePool> {
    let max_connections = match url {
        DatabaseUrl::File(_) => MAX_CONNECTIONS,
        // Each connection would be a database of its own. (A shared cache locks by table and fails where a file
        // waits.)
        DatabaseUrl::Memory => 1,
    };
    if let DatabaseUrl::File(_) = url {
        // A fresh file becomes a WAL database here, before the pool opens several connections at once: SQLite does
        // not wait for the lock that this change takes, so the second one would fail ("database is locked").
        options.connect().await.map_err(|error| not_opened(url, error))?.close().await?;
    }
    Ok(lasting(max_connections).connect_with(options).await?)
}

fn lasting(max_connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(max_connections)
        // One stays, or a database in memory would be gone.
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // SQLite is in this process: asking it whether it is still there costs as much as the query.
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
}
