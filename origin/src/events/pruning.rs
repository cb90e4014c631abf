//! Without an edge, nobody takes events: they are deleted after a day.

use crate::{
    app::App,
    store::{Result, StoreError, events},
};
use std::time::Duration;
use valora_shared::time::UnixMillis;

/// For whoever sets `EDGE_URL` today.
const KEPT_MS: i64 = 24 * 3_600_000;
const EVERY: Duration = Duration::from_mins(10);
/// Some at a time, so that other writers get their turn.
const AT_ONCE: u32 = 1_000;

/// Deletes old events for good.
pub(super) async fn run(app: &App) {
    loop {
        if let Err(error) = prune(app).await {
            tracing::warn!(error.cause = %error, "cannot delete old events; tried again later");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn prune(app: &App) -> Result<()> {
    loop {
        let before = UnixMillis(app.clock.now().0.saturating_sub(KEPT_MS));
        let mut db = app.store.write().await?;
        let pruned = events::prune(&mut db, before, AT_ONCE).await?;
        if pruned > 0 {
            db.commit().await.map_err(StoreError::from)?;
        }
        if pruned < u64::from(AT_ONCE) {
            return Ok(());
        }
    }
}
