//! What the purges make of an entry, as far as this isolate knows them.

use super::Entry;
use crate::{beat::EpochCheck, isolate::Isolate};
use valora_shared::{cache::CacheKey, events::PurgeMode, time::UnixMillis};

/// How far what is known of purges may be relied on. A plain HTTP cache knows none.
pub fn check(isolate: &Isolate, now: UnixMillis) -> EpochCheck {
    let Some(Ok(settings)) = isolate.settings() else { return EpochCheck::ColdUnverified };
    if isolate.is_proxy() {
        return EpochCheck::Current;
    }
    let max_age_ms = settings.config.cache.cache_epoch_max_age_ms.get();
    isolate.with_beat(|beat| beat.epoch_check(now, max_age_ms)).unwrap_or(EpochCheck::ColdUnverified)
}

/// The epoch that the isolate knows; none where there is no Hub to count them.
pub fn known(isolate: &Isolate) -> Option<u64> {
    if isolate.is_proxy() { None } else { isolate.with_beat(|beat| beat.epochs().epoch()) }
}

/// The strictest mode of the purges that an entry does not know yet. Where nothing can be relied on it must be checked.
pub fn purged(isolate: &Isolate, key: &CacheKey, entry: &Entry, check: EpochCheck) -> Option<PurgeMode> {
    let epoch = known(isolate)?;
    let verdict = entry.purged(epoch, |stored| {
        isolate.with_beat(|beat| beat.epochs().verdict(&stored.slots, key.as_str(), stored.epoch)).flatten()
    });
    match verdict {
        Some(PurgeMode::Hard) => verdict,
        _ if check == EpochCheck::ColdUnverified => Some(PurgeMode::Revalidate),
        _ => verdict,
    }
}
