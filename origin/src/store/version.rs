//! Has anything been committed since? The question that makes it safe to answer from memory (docs/adr/0003).
//!
//! One connection, on which nothing is ever written, reads `PRAGMA data_version`: it changes when any other
//! connection, of this or another process, commits. Requests share reads: all that wait when a read starts get its
//! result, and none gets a result of a read that started before it asked.

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// A state of the database. Only equality means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Which connection read it: each counts for itself.
    connection: u64,
    data_version: i64,
}

/// Asks the reading task.
#[derive(Debug, Clone)]
pub(super) struct VersionReader {
    asks: mpsc::UnboundedSender<Ask>,
    reads: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Ask {
    Version(oneshot::Sender<Version>),
    Close(oneshot::Sender<()>),
}

/// A read takes microseconds. One that takes this long will not help the requests that wait for it.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

impl VersionReader {
    /// Starts the task; it ends with the last clone of the reader.
    pub(super) fn start(options: SqliteConnectOptions) -> Self {
        let (asks, inbox) = mpsc::unbounded_channel();
        let reads = Arc::new(AtomicU64::new(0));
        tokio::spawn(answer(inbox, options, Arc::clone(&reads)));
        Self { asks, reads }
    }

    pub(super) async fn read(&self) -> Option<Version> {
        let (ask, answer) = oneshot::channel();
        self.asks.send(Ask::Version(ask)).ok()?;
        answer.await.ok()
    }

    /// Ends the task and its connection; from then on there is no version.
    pub(super) async fn close(&self) {
        let (ask, closed) = oneshot::channel();
        if self.asks.send(Ask::Close(ask)).is_ok() {
            // An error means that the task has ended already.
            let _ = closed.await;
        }
    }

    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

async fn answer(
    mut inbox: mpsc::UnboundedReceiver<Ask>,
    options: SqliteConnectOptions,
    reads: Arc<AtomicU64>,
) {
    let mut asks: Vec<Ask> = Vec::new();
    let mut waiting: Vec<oneshot::Sender<Version>> = Vec::new();
    let mut closing: Option<oneshot::Sender<()>> = None;
    let mut open: Option<SqliteConnection> = None;
    let mut connection = 0;
    while closing.is_none() && inbox.recv_many(&mut asks, usize::MAX).await > 0 {
        for ask in asks.drain(..) {
            match ask {
                Ask::Version(ask) => waiting.push(ask),
                Ask::Close(ask) => closing = Some(ask),
            }
        }
        reads.fetch_add(1, Ordering::Relaxed);
        let reading = async {
            if open.is_none() {
                connection += 1;
                open = Some(options.connect().await?);
            }
            match open.as_mut() {
                Some(open) => sqlx::query_scalar("PRAGMA data_version").fetch_one(open).await,
                None => Err(sqlx::Error::WorkerCrashed),
            }
        };
        match tokio::time::timeout(READ_TIMEOUT, reading).await {
            Ok(Ok(data_version)) => {
                let version = Version { connection, data_version };
                for ask in waiting.drain(..) {
                    // A client may have gone meanwhile.
                    let _ = ask.send(version);
                }
            }
            failed => {
                // Dropped asks tell their requests to go to the database themselves; the next one reconnects.
                waiting.clear();
                open = None;
                let cause = failed.map_or_else(|_| "timed out".to_owned(), |result| format!("{result:?}"));
                tracing::warn!(error.cause = cause, "cannot read the database's version");
            }
        }
    }
    if let Some(open) = open {
        let _ = open.close().await;
    }
    if let Some(closed) = closing {
        let _ = closed.send(());
    }
}
