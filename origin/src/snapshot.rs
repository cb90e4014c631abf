//! The first page of products, kept as ready bytes: the storefront asks for nothing else.
//!
//! Kept bytes are used only when a version read in the same request says that nothing was committed since they
//! were made (docs/adr/0003); where the version cannot be read, the database is asked.

use crate::store::{Result, Store, StoreError, Version};
use arc_swap::ArcSwapOption;
use bytes::Bytes;
use std::{future::Future, sync::Arc};
use tokio::sync::Mutex;

/// The kept page.
#[derive(Debug, Default)]
pub(crate) struct FirstPage {
    kept: ArcSwapOption<Kept>,
    /// Held by the one request that makes it anew; the others wait rather than ask the same thing.
    making: Mutex<()>,
}

#[derive(Debug)]
struct Kept {
    /// Read before the page was queried: what was committed in between makes the page newer, never older.
    version: Version,
    body: Bytes,
}

impl FirstPage {
    /// The page, made by `make` where the kept one is not of now.
    pub(crate) async fn get<F>(&self, store: &Store, make: impl Fn() -> F) -> Result<Bytes>
    where
        F: Future<Output = Result<Bytes, StoreError>>,
    {
        let Some(version) = store.version().await else { return make().await };
        if let Some(body) = self.of(version) {
            return Ok(body);
        }
        let _making = self.making.lock().await;
        // Whoever made it while this one waited may have tagged it with the version read above.
        if let Some(body) = self.of(version) {
            return Ok(body);
        }
        let Some(version) = store.version().await else { return make().await };
        if let Some(body) = self.of(version) {
            return Ok(body);
        }
        let body = make().await?;
        self.kept.store(Some(Arc::new(Kept { version, body: body.clone() })));
        Ok(body)
    }

    fn of(&self, version: Version) -> Option<Bytes> {
        let kept = self.kept.load();
        kept.as_ref().filter(|kept| kept.version == version).map(|kept| kept.body.clone())
    }
}
