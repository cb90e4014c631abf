//! Work that must not be left half-way.

use crate::error::AppError;
use tracing::Instrument as _;

/// Does `work` to its end, also when the client that waits for it hangs up: what it commits and what it writes down
/// about it belong together.
///
/// # Errors
/// 500 when it panics.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, AppError> {
    let done = tokio::spawn(work.in_current_span()).await;
    done.map_err(|error| AppError::internal(format!("a task did not end: {error}")))
}
