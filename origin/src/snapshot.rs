//! The first page of products, kept ready with its entity-tag: the storefront asks for nothing else.
//!
//! What is kept is used only when a version read in the same request says that nothing was committed since it
//! was made (docs/adr/0003); where the version cannot be read, the database is asked.

use crate::{
    http::representation::Representation,
    store::{Result, Store, StoreError, Version},
};
use arc_swap::ArcSwapOption;
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
    page: Representation,
}

impl FirstPage {
    /// The page, made by `make` where the kept one is not of now.
    pub(crate) async fn get<F>(&self, store: &Store, make: impl Fn() -> F) -> Result<Representation>
    where
        F: Future<Output = Result<Representation, StoreError>>,
    {
        let Some(version) = store.version().await else { return make().await };
        if let Some(page) = self.of(version) {
            return Ok(page);
        }
        let _making = self.making.lock().await;
        // Whoever made it while this one waited may have tagged it with the version read above.
        if let Some(page) = self.of(version) {
            return Ok(page);
        }
        let Some(version) = store.version().await else { return make().await };
        if let Some(page) = self.of(version) {
            return Ok(page);
        }
        let page = make().await?;
        self.kept.store(Some(Arc::new(Kept { version, page: page.clone() })));
        Ok(page)
    }

    fn of(&self, version: Version) -> Option<Representation> {
        let kept = self.kept.load();
        kept.as_ref().filter(|kept| kept.version == version).map(|kept| kept.page.clone())
    }
}
