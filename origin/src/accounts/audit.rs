//! Every admin request, allowed or not: who, what, from where, with which result. A line of the log, at every log
//! level, and an event for the Hub, which keeps the audit.

use super::ClientIdentity;
use crate::{
    app::App,
    store::{Result, StoreError, events},
};
use valora_shared::{
    events::{AuditEntry, EventBody},
    id::CorrelationId,
};

/// What [`crate::telemetry`] lets through whatever the log level.
pub(crate) const TARGET: &str = "audit";

/// What was asked.
#[derive(Debug)]
pub(crate) struct Action {
    /// Method and path, where the path is one of ours: others could hold anything.
    pub(crate) what: String,
    /// From where; logged as a pseudonym.
    pub(crate) client: ClientIdentity,
    /// Ties it to the request's line.
    pub(crate) correlation_id: Option<CorrelationId>,
}

/// Whom nobody has let in.
pub(crate) const NOBODY: &str = "nobody";

/// Writes it down. `who` is a credential's name, not its text. It comes after the request's own transaction, which
/// does not know the result; a crash in between leaves the log's line alone.
pub(crate) async fn write(app: &App, action: Action, who: &str, status: u16) {
    let entry = AuditEntry {
        at_ms: app.clock.now().0,
        who: who.to_owned(),
        what: action.what,
        from: app.accounts.pseudonym(&action.client.subject()),
        result: status.to_string(),
        correlation_id: action.correlation_id.map(|id| id.as_str().to_owned()),
    };
    tracing::info!(
        target: TARGET,
        audit = true,
        who,
        what = entry.what,
        from = entry.from,
        result = status,
        correlation_id = entry.correlation_id,
        "{who} asked for {} and got {status}",
        entry.what,
    );
    // Anybody can be nobody, as often as they like.
    if who == NOBODY && !app.events.may_audit_nobody(app.clock.now()) {
        return;
    }
    if let Err(error) = keep(app, entry).await {
        tracing::warn!(error.cause = %error, "an admin request is in the log alone");
    }
}

async fn keep(app: &App, entry: AuditEntry) -> Result<()> {
    let mut db = app.store.write().await?;
    events::announce(&mut db, &[EventBody::Audit(entry.cut())], app.clock.now()).await?;
    db.commit().await.map_err(StoreError::from)
}
