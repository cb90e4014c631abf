//! What is kept, in `SQLite`: the catalogue, what sources said, what was shown, accounts.
//!
//! One module per aggregate; no SQL stands outside this one. Writes take the write lock at their start
//! (`BEGIN IMMEDIATE`), so that no transaction finds out half-way that it read something old.

pub mod api_keys;
mod counters;
pub mod events;
pub mod held;
pub mod history;
pub mod login_attempts;
mod migrations;
pub mod nonces;
pub mod observations;
mod open;
pub mod polls;
pub mod prices;
pub mod products;
pub mod purges;
mod seed;
pub mod source_states;
pub mod users;
mod version;

pub use version::Version;

use crate::{clock::Clock, config::DatabaseUrl};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use version::VersionReader;

/// The database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    /// For reading. Readers never wait for a writer.
    pool: SqlitePool,
    /// One connection for writing: `SQLite` takes one writer at a time, and those that wait for it must not hold the
    /// connections that readers need.
    writer: SqlitePool,
    /// None for a database in memory, which nothing outside its one connection can look at.
    version: Option<VersionReader>,
}

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, is locked or full: the same may work later.
    #[error("the database is unavailable (DATABASE_URL says which): {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Its file cannot be made or opened.
    #[error(
        "DATABASE_URL: {path} cannot be opened ({source}); does its folder exist, and may we write there?"
    )]
    NotOpened {
        /// The file.
        path: String,
        /// Why.
        source: sqlx::Error,
    },
    /// A statement failed: ours to mend.
    #[error("a database statement failed: {0}")]
    Failed(#[source] sqlx::Error),
    /// The tables cannot be brought to this version.
    #[error("the database cannot be migrated: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
}

/// What every function of the store answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl Store {
    /// Opens the database, creates or migrates its tables, and gives a fresh one its first products.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(url: &DatabaseUrl, clock: &Clock) -> Result<Self> {
        let options = open::options(url);
        let pool = open::pool(url, options.clone()).await?;
        migrations::run(&pool).await?;
        let (writer, version) = match url {
            DatabaseUrl::File(_) => {
                (open::writer(options.clone()).await?, Some(VersionReader::start(options)))
            }
            DatabaseUrl::Memory => (pool.clone(), None),
        };
        let store = Self { pool, writer, version };
        seed::first_products(&store, clock.now()).await?;
        Ok(store)
    }

    /// A transaction that only reads, all of it from one moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.pool.begin().await?)
    }

    /// A transaction that writes: it has the write lock from the start. Not committed is undone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// The same for writing most of the database: with room to keep all of it in memory until the commit, since pages
    /// that do not fit are written again and again, and the time grows faster than the rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write_much(&self) -> Result<Transaction<'static, Sqlite>> {
        let mut db = self.write().await?;
        sqlx::raw_sql(open::LARGE_CACHE).execute(&mut *db).await?;
        Ok(db)
    }

    /// A version of the database read after this call began; equal versions mean that nothing was committed in
    /// between, by any process. `None` when it cannot be read: then nothing kept in memory may be used.
    pub async fn version(&self) -> Option<Version> {
        self.version.as_ref()?.read().await
    }

    /// How many times [`Self::version`] really asked the database.
    pub fn version_reads(&self) -> u64 {
        self.version.as_ref().map_or(0, VersionReader::reads)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT COUNT(*) FROM products WHERE position < 0").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes every connection; what was committed is in the file.
    pub async fn close(&self) {
        if let Some(version) = &self.version {
            version.close().await;
        }
        self.pool.close().await;
        // Last: the connection that closes last writes the WAL into the file.
        self.writer.close().await;
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailable(&error) { Self::Unavailable(error) } else { Self::Failed(error) }
    }
}

fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => {
            // The low byte is SQLite's primary result code: busy, locked, read-only, I/O, corrupt, full, cannot
            // open, no database (https://www.sqlite.org/rescode.html).
            let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
            matches!(code & 0xff, 5 | 6 | 8 | 10 | 11 | 13 | 14 | 26)
        }
        _ => false,
    }
}

/// Shorthand for the connection inside a transaction.
pub(crate) type Connection = SqliteConnection;
