//! The connection to a Redis, and doing without. No request ever waits for a connection to be made, and none longer than a
//! timeout for an answer: when one does not come, the connection is given up, another one is tried for behind all requests
//! until it is there, and meanwhile nobody asks.

use crate::clock::Stopwatch;
use arc_swap::ArcSwapOption;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, RedisResult, aio::MultiplexedConnection,
    cmd,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

/// For a connection, greeting included.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(250);
/// Between two attempts to connect; well under the five seconds within which a Redis that returned is used again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The way to Redis.
pub(crate) struct Link {
    client: Client,
    /// What it is for, in the log.
    role: &'static str,
    /// For the answer to one command.
    timeout: Duration,
    up: ArcSwapOption<Live>,
    is_connecting: AtomicBool,
    /// What broke is logged once, until it works again.
    is_mourned: AtomicBool,
    failures: AtomicU64,
}

/// A connection that many requests use at once.
struct Live(MultiplexedConnection);

/// How Redis is, from well to ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RedisState {
    /// It answers, in this time.
    Up(Duration),
    /// It does not.
    Down,
}

impl Link {
    /// Begins to connect.
    pub(crate) fn start(client: Client, role: &'static str, timeout: Duration) -> Arc<Self> {
        // Building a TLS client needs a provider; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let link = Arc::new(Self {
            client,
            role,
            timeout,
            up: ArcSwapOption::empty(),
            is_connecting: AtomicBool::new(false),
            is_mourned: AtomicBool::new(false),
            failures: AtomicU64::new(0),
        });
        link.connect_behind(Duration::ZERO);
        link
    }

    /// Whether there is a connection.
    pub(crate) fn is_up(&self) -> bool {
        self.up.load().is_some()
    }

    /// The answer to one command; `None` where there is none in time.
    pub(crate) async fn ask<T: FromRedisValue>(self: &Arc<Self>, command: Cmd) -> Option<T> {
        self.run(async |mut connection| command.query_async(&mut connection).await).await
    }

    /// What `talk` brings; `None` where it fails or takes longer than one answer may.
    pub(crate) async fn run<T>(
        self: &Arc<Self>,
        talk: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let live = self.up.load_full()?;
        // Cheap to clone, and a command needs one of its own.
        match tokio::time::timeout(self.timeout, talk(live.0.clone())).await {
            Ok(Ok(answer)) => {
                self.end_mourning();
                Some(answer)
            }
            Ok(Err(error)) => self.give_up(&live, Some(&error)),
            Err(_) => self.give_up(&live, None),
        }
    }

    /// Asks whether it is there, whatever is known.
    pub(crate) async fn state(self: &Arc<Self>) -> RedisState {
        let asked = Stopwatch::start();
        match self.ask::<()>(cmd("PING")).await {
            Some(()) => RedisState::Up(asked.elapsed()),
            None => RedisState::Down,
        }
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn give_up<T>(self: &Arc<Self>, live: &Arc<Live>, error: Option<&RedisError>) -> Option<T> {
        self.failures.fetch_add(1, Ordering::Relaxed);
        // An answer that is no value of ours (a wrong type, no memory left) says nothing against the connection.
        if error.is_some_and(|error| {
            !error.is_unrecoverable_error() && !error.is_timeout() && !error.is_io_error()
        }) {
            self.mourn(error);
            return None;
        }
        // Another one may have been made since.
        let was = self.up.compare_and_swap(live, None);
        if was.as_ref().is_some_and(|was| Arc::ptr_eq(was, live)) {
            self.mourn(error);
            // One that is gone may be back at once. One that hangs takes connections, and would be waited for again.
            let is_gone = error.is_some_and(|error| error.is_io_error() && !error.is_timeout());
            self.connect_behind(if is_gone { Duration::ZERO } else { RETRY_AFTER });
        }
        None
    }

    /// Tries until there is a connection, however long nobody asks: whoever asks next shall find one.
    fn connect_behind(self: &Arc<Self>, pause: Duration) {
        if self.is_connecting.swap(true, Ordering::AcqRel) {
            return;
        }
        let link = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            // Until nobody holds it any more.
            while let Some(link) = link.upgrade() {
                match link.connect().await {
                    Ok(connection) => {
                        // First this: whoever loses the connection again begins anew.
                        link.is_connecting.store(false, Ordering::Release);
                        link.up.store(Some(Arc::new(Live(connection))));
                        link.end_mourning();
                        return;
                    }
                    Err(error) => link.mourn(Some(&error)),
                }
                drop(link);
                tokio::time::sleep(RETRY_AFTER).await;
            }
        });
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(self.timeout));
        let connecting = async {
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            // One that is connected to may still not answer: its kernel takes connections while it is stopped.
            cmd("PING").query_async::<()>(&mut connection).await?;
            Ok(connection)
        };
        tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .unwrap_or_else(|_| Err(RedisError::from((redis::ErrorKind::Io, "no connection in time"))))
    }

    fn mourn(&self, error: Option<&RedisError>) {
        if !self.is_mourned.swap(true, Ordering::AcqRel) {
            let cause = error.map_or_else(|| "no answer in time".to_owned(), ToString::to_string);
            tracing::warn!(
                redis = self.role,
                error.cause = cause,
                "Redis does not answer as it should; memory goes on without it"
            );
        }
    }

    fn end_mourning(&self) {
        // Asked for each answer, and hardly ever so.
        if self.is_mourned.load(Ordering::Acquire) && self.is_mourned.swap(false, Ordering::AcqRel) {
            tracing::info!(redis = self.role, "Redis answers again");
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's address can hold a password.
        f.debug_struct("Link").field("is_up", &self.up.load().is_some()).finish_non_exhaustive()
    }
}
