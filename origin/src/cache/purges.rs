//! What was purged, as far as this replica has read it.

use crate::store::{Store, Version, purges};
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::sync::Mutex;
use valora_shared::cache::Epochs;

/// All purges up to a version of the database.
#[derive(Debug, Default)]
pub(super) struct Purges {
    known: ArcSwap<Known>,
    /// Held by the one request that reads; the others wait rather than read the same.
    reading: Mutex<()>,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Purged {
    pub(crate) epochs: Arc<Epochs>,
    /// Whether nothing is missing that was committed before it was asked for, by any process; else the database does not
    /// answer, and this is what it told before.
    pub(crate) is_of_now: bool,
}

#[derive(Debug, Default)]
struct Known {
    /// Read before the purges were: what was committed in between is in them, too, and read once more.
    version: Option<Version>,
    epochs: Arc<Epochs>,
}

impl Purges {
    /// The purges as of now. Between commits that costs what `Store::version` costs (docs/adr/0003).
    pub(super) async fn look(&self, store: &Store) -> Purged {
        match self.read(store).await {
            Some(epochs) => Purged { epochs, is_of_now: true },
            None => Purged { epochs: Arc::clone(&self.known.load().epochs), is_of_now: false },
        }
    }

    async fn read(&self, store: &Store) -> Option<Arc<Epochs>> {
        let version = store.version().await;
        if let Some(epochs) = self.of(version) {
            return Some(epochs);
        }
        let _reading = self.reading.lock().await;
        // Whoever read while this one waited may have read the version above.
        if let Some(epochs) = self.of(version) {
            return Some(epochs);
        }
        let version = store.version().await;
        let known = self.known.load_full();
        let mut db = store.read().await.ok()?;
        let parts = purges::since(&mut db, known.epochs.epoch()).await.ok()?;
        let epochs =
            if parts.is_empty() { Arc::clone(&known.epochs) } else { merged(&known.epochs, &parts)? };
        self.known.store(Arc::new(Known { version, epochs: Arc::clone(&epochs) }));
        Some(epochs)
    }

    fn of(&self, version: Option<Version>) -> Option<Arc<Epochs>> {
        let known = self.known.load();
        (version.is_some() && known.version == version).then(|| Arc::clone(&known.epochs))
    }
}

fn merged(known: &Epochs, parts: &[String]) -> Option<Arc<Epochs>> {
    let mut epochs = known.clone();
    for part in parts {
        if let Err(error) = epochs.merge_part(part) {
            tracing::error!(error.cause = %error, "a purge in the database cannot be read: nothing kept is used");
            return None;
        }
    }
    Some(Arc::new(epochs))
}
