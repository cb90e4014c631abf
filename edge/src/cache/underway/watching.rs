//! Waiting for another request's fetch, on one's own timer.

use super::{Mark, OWNER_MS, Outcome, State, Underway};
use crate::{isolate::Isolate, platform, upstream::Failure};
use std::time::Duration;
use valora_shared::{cache::CacheKey, time::UnixMillis};

/// The first looks are so far apart, in milliseconds.
const STEP_MS: i64 = 5;
/// A thousand that watch a slow origin would be busy with nothing but looking: each waits a twentieth of the time it
/// has waited already, but never longer than this.
const LONGEST_STEP_MS: i64 = 50;

/// How watching ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Watched {
    /// An answer is in memory; whether it answers this request, too, is for the caller to see. If not, it begins anew.
    Stored,
    /// What comes is for one client alone: ask the origin directly, without a mark.
    NotShared,
    /// The origin has failed, for all who watched and who come just after.
    Failed(Failure),
    /// Whoever was at it has died or is slow. Fetch it, under this mark.
    TakeOver(Mark),
    /// It took too long.
    Late,
}

/// Watches until something comes of the key, at most until `give_up`.
pub async fn watch(isolate: &Isolate, key: &CacheKey, give_up: UnixMillis) -> Watched {
    let begun = platform::now();
    let Some(count) = isolate.with_underway(|underway| underway.count) else { return Watched::NotShared };
    loop {
        let now = platform::now();
        match isolate.with_underway(|underway| look(underway, key, count, now, give_up)) {
            Some(None) => {}
            Some(Some(watched)) => return watched,
            None => return Watched::NotShared,
        }
        let step_ms = (now.since(begun) / 20).clamp(STEP_MS, LONGEST_STEP_MS);
        worker::Delay::from(Duration::from_millis(step_ms.unsigned_abs())).await;
    }
}

/// One look; nothing while there is nothing to tell.
pub(super) fn look(
    underway: &mut Underway,
    key: &CacheKey,
    count: u64,
    now: UnixMillis,
    give_up: UnixMillis,
) -> Option<Watched> {
    match underway.ended_since(key, count, now) {
        Some(Outcome::Stored) => return Some(Watched::Stored),
        Some(Outcome::Failed(failure)) => return Some(Watched::Failed(failure)),
        Some(Outcome::NotShared) | None => {}
    }
    match underway.state(key, now) {
        State::NotShared(_) => Some(Watched::NotShared),
        State::Failing(failure) => Some(Watched::Failed(failure)),
        _ if now >= give_up => Some(Watched::Late),
        State::UnderWay => None,
        State::Idle => underway.begin(key, now, now.after(OWNER_MS)).map(Watched::TakeOver),
    }
}
