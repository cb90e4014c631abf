//! Waiting for a look at the Hub. Of the requests that wait one looks and the others watch: none awaits another one's
//! I/O.

use super::{checks::unverified, make};
use crate::{background, beat::EpochCheck, isolate::Isolate, platform};
use std::{rc::Rc, time::Duration};

/// How often who waits looks whether it came back.
const STEP_MS: u64 = 5;

impl EpochCheck {
    /// Waits, where a look is overdue, until one has come back or its time is over; begins it where nobody has. It goes
    /// on behind the answer of a request that no longer waits for it. Never says `Overdue`.
    ///
    /// It is overdue where the last one is older than `CACHE_EPOCH_MAX_AGE_MS`, or than `within_ms` if that is less.
    pub async fn awaited(
        isolate: &Rc<Isolate>,
        env: &worker::Env,
        ctx: &worker::Context,
        within_ms: i64,
    ) -> Self {
        let Some(Ok(settings)) = isolate.settings() else { return Self::ColdUnverified };
        // One that is as old as it may be is too old in a millisecond.
        let most = u64::try_from(within_ms - 1).unwrap_or_default();
        let max_age_ms = settings.config.cache.cache_epoch_max_age_ms.get().min(most);
        let look = || {
            let check = isolate.with_beat(|beat| beat.epoch_check(platform::now(), max_age_ms));
            check.unwrap_or(Self::ColdUnverified)
        };
        let (wait_ms, is_cold) = match look() {
            Self::Overdue { wait_ms, is_cold } => (wait_ms, is_cold),
            check => return check,
        };
        if let Some(call) = isolate.with_beat(|beat| beat.begin(platform::now())).flatten() {
            let (isolate, env) = (Rc::clone(isolate), env.clone());
            background::wait_until(ctx, async move {
                if let Some(Ok(settings)) = isolate.settings() {
                    make(settings, &env, call).await;
                }
            });
        }
        // Counted in steps: it ends, whatever the clock does.
        for _ in 0..wait_ms.div_ceil(STEP_MS) {
            worker::Delay::from(Duration::from_millis(STEP_MS)).await;
            match look() {
                Self::Overdue { .. } => {}
                check => return check,
            }
        }
        unverified(is_cold)
    }
}
