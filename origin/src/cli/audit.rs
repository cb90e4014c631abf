//! What is done at the command line is on the audit's record, too.

use crate::{
    clock::Clock,
    store::{Result, events},
};
use sqlx::SqliteConnection;
use valora_shared::events::{AuditEntry, EventBody};

/// In the transaction of what was done. `what` is the command without anything secret.
pub(super) async fn record(db: &mut SqliteConnection, what: String) -> Result<()> {
    let now = Clock::System.now();
    let entry = AuditEntry {
        at_ms: now.0,
        who: "cli".to_owned(),
        what,
        from: "this machine".to_owned(),
        result: "done".to_owned(),
        correlation_id: None,
    };
    events::announce(db, &[EventBody::Audit(entry.cut())], now).await
}
