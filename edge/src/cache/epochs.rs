//! What the purges make of an entry, as far as this isolate knows them.

use super::Entry;
use crate::isolate::Isolate;
use valora_shared::{cache::CacheKey, config::EdgeMode, events::PurgeMode, time::UnixMillis};

/// How far the isolate's knowledge of the purges can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochCheck {
    /// No check is needed.
    Current,
    /// It may be used, and a check is due behind the answer.
    Due,
    /// It must be checked first.
    Overdue,
    /// The check did not come back: what was known is used, and the answer is marked.
    Unverified,
    /// Nothing recent is known at all: every entry must be checked with the origin.
    Cold,
}

/// How it stands at `now`.
pub fn check(isolate: &Isolate, _now: UnixMillis) -> EpochCheck {
    let Some(Ok(settings)) = isolate.settings() else { return EpochCheck::Cold };
    if settings.config.cache.edge_mode == EdgeMode::Proxy {
        return EpochCheck::Current;
    }
    EpochCheck::Current
}

/// The epoch that the isolate knows; none where there is no Hub to count them.
pub fn known(isolate: &Isolate) -> Option<u64> {
    let Some(Ok(settings)) = isolate.settings() else { return None };
    (settings.config.cache.edge_mode == EdgeMode::Api).then_some(0)
}

/// The strictest mode of the purges that an entry does not know yet.
pub fn purged(isolate: &Isolate, _key: &CacheKey, entry: &Entry, check: EpochCheck) -> Option<PurgeMode> {
    let epoch = known(isolate)?;
    let verdict = entry.purged(epoch, |_| None);
    match verdict {
        Some(PurgeMode::Hard) => verdict,
        _ if check == EpochCheck::Cold => Some(PurgeMode::Revalidate),
        _ => verdict,
    }
}

/// The slots of tags, sorted.
pub fn slots(_tags: &[&str]) -> Vec<u16> {
    Vec::new()
}
