//! Logs: one JSON object per line on standard output.

use crate::accounts::audit;
use tracing_subscriber::{EnvFilter, fmt};
use valora_shared::config::LogLevel;

/// Starts logging. A second call in one process changes nothing.
pub(crate) fn start(level: LogLevel) {
    // What the database driver says below a warning is of no use to an operator. Admin actions are always logged.
    let filter = EnvFilter::new(format!("{},{}=info,sqlx=warn,hyper=warn", level.as_str(), audit::TARGET));
    let _ = fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_env_filter(filter)
        .try_init();
}
