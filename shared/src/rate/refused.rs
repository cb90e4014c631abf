//! A refusal that is kept, so that nobody is asked again for what was refused just now.

use super::{Decision, MAX_LIFE_MS, Verdict};
use crate::time::UnixMillis;

/// None is kept longer: in that time others may have given tokens back, or an admin may have reset the client.
const KEPT_MS: i64 = MAX_LIFE_MS as i64;

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Costs that are not the same may fit, or fit later.
    cost: u32,
    decision: Decision,
    told_at: UnixMillis,
    until: UnixMillis,
}

impl Refused {
    /// What was asked at `asked_at` and told at `told_at`; kept until its wait is over, and for two seconds at most.
    pub fn new(decision: Decision, cost: u32, asked_at: UnixMillis, told_at: UnixMillis) -> Self {
        let wait_ms = i64::try_from(decision.verdict.wait_ms()).unwrap_or(KEPT_MS);
        Self { cost, decision, told_at, until: asked_at.after(wait_ms.min(KEPT_MS)) }
    }

    /// Whether it says nothing any more.
    pub fn is_over(&self, now: UnixMillis) -> bool {
        now >= self.until
    }

    /// What a request of this cost is told now.
    pub fn tell(&self, now: UnixMillis, cost: u32) -> Option<Decision> {
        if self.is_over(now) || self.cost != cost {
            return None;
        }
        let mut decision = self.decision;
        let passed = u32::try_from(now.since(self.told_at)).unwrap_or(u32::MAX);
        if let Verdict::Refused(refusal) = &mut decision.verdict {
            refusal.retry_after_ms = refusal.retry_after_ms.saturating_sub(passed);
        }
        for usage in &mut decision.usage {
            usage.more_in_ms = usage.more_in_ms.saturating_sub(passed);
        }
        Some(decision)
    }
}
