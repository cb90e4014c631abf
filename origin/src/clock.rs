//! The only place that asks the machine for the time or for chance.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use ulid::Generator;
use uuid::Uuid;
use valora_shared::time::UnixMillis;

/// What time it is.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// Stands where it was put; for tests.
    Manual(Arc<AtomicI64>),
}

/// How long something took. Does not go backwards, unlike [`Clock`].
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Clock {
    /// A clock that stands at `at`.
    pub fn manual(at: UnixMillis) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.0)))
    }

    /// Moves a manual clock; the machine's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(at) = self {
            at.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "this is the module that may")]
    pub fn now(&self) -> UnixMillis {
        match self {
            Self::Manual(at) => UnixMillis(at.load(Ordering::SeqCst)),
            Self::System => {
                // A clock before 1970 reads as 1970: prices then look new, which the next correct reading mends.
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }
}

impl Stopwatch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "this is the module that may")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Random bytes that nobody can guess.
///
/// # Errors
/// When the operating system has none to give.
pub fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// A random id, in the form of a UUID.
#[expect(clippy::disallowed_methods, reason = "this is the module that may")]
pub fn random_id() -> String {
    Uuid::new_v4().to_string()
}

/// Ids of events: each greater than all before in this process, whatever the clock says.
static EVENT_IDS: Mutex<Generator> = Mutex::new(Generator::new());

/// A ULID.
pub fn event_id(now: UnixMillis) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
    let mut ids = EVENT_IDS.lock().unwrap_or_else(PoisonError::into_inner);
    let id = ids.generate_from_datetime(at).unwrap_or_else(ulid::Overflow::commit_overflow_increment);
    id.to_string()
}
