//! One line for every admin request, allowed or not: who, what, from where, with which result. The Hub will keep
//! them; until then the log does, at every log level.

use super::ClientIdentity;
use crate::app::App;
use valora_shared::id::CorrelationId;

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

/// Writes the line. `who` is a credential's name, not its text.
pub(crate) fn write(app: &App, action: &Action, who: &str, status: u16) {
    tracing::info!(
        target: TARGET,
        audit = true,
        who,
        what = action.what,
        from = app.accounts.pseudonym(&action.client.subject()),
        result = status,
        correlation_id = action.correlation_id.as_ref().map(CorrelationId::as_str),
        "{who} asked for {} and got {status}",
        action.what,
    );
}
