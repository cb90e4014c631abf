//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

const PAUSE: Duration = Duration::from_millis(25);

/// Asks again and again until `look` finds something.
///
/// # Errors
/// What `look` fails with, or after `limit` that `what` did not happen.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= end {
            return None.with_context(|| format!("{} s passed before {what}", limit.as_secs()));
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_happens_is_told_by_name() {
        let error = until::<()>("the moon fell", Duration::from_millis(60), || Ok(None)).unwrap_err();
        assert!(error.to_string().contains("before the moon fell"));
    }
}
