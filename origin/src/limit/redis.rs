//! What the clients of all replicas have spent, counted by a script in Redis (script.lua) in one round trip, by Redis'
//! own clock.

use super::{Counted, Decision, Limits, Usage, Verdict};
use crate::redis::{Link, RedisState};
use redis::Script;
use std::{fmt, sync::Arc, time::Duration};
use valora_shared::rate::{ASK_MS, Refusal, Window, Windows};

/// As long as an isolate of the edge waits for its limiter: who is let through without Redis is let through by each
/// replica, so that a burst is not to be taken for a Redis that hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(ASK_MS.unsigned_abs());
/// Numbers that the script tells of each client.
const NUMBERS: usize = 11;

/// Redis.
pub(super) struct RedisTier {
    link: Arc<Link>,
    script: Script,
}

/// What the script is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Spend, of all or of none.
    Spend,
    /// Only say what would become of it.
    Look,
    /// Forget what was spent.
    Reset,
}

/// What Redis says of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) decision: Decision,
    /// How long ago it was reset; `None` for never, or so long ago that nothing of before would count.
    pub(super) reset_age_ms: Option<i64>,
}

impl RedisTier {
    pub(super) fn start(client: redis::Client) -> Self {
        Self {
            link: Link::start(client, "rate limit", ANSWER_TIMEOUT),
            script: Script::new(include_str!("script.lua")),
        }
    }

    /// In the order of `counted`; `None` where there is no answer in time, and then it is unknown whether Redis has done
    /// what it was asked.
    pub(super) async fn ask(&self, mode: Mode, counted: &[Counted], cost: u32) -> Option<Vec<Told>> {
        let mut call = self.script.prepare_invoke();
        call.arg("").arg(mode.name()).arg(cost);
        for Counted { name, limits } in counted {
            call.key(format!("v:rl:{name}")).arg(Window::ALL.map(|window| limits.of(window)).as_slice());
        }
        let numbers: Vec<i64> = self.link.run(async |mut link| call.invoke_async(&mut link).await).await?;
        read(&numbers, counted)
    }

    pub(super) async fn state(&self) -> RedisState {
        self.link.state().await
    }
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Spend => "spend",
            Self::Look => "look",
            Self::Reset => "reset",
        }
    }
}

fn read(numbers: &[i64], counted: &[Counted]) -> Option<Vec<Told>> {
    let (all, rest) = numbers.as_chunks::<NUMBERS>();
    if !rest.is_empty() || all.len() != counted.len() {
        return None;
    }
    all.iter().zip(counted).map(|(numbers, counted)| told(numbers, &counted.limits)).collect()
}

fn told(numbers: &[i64; NUMBERS], limits: &Limits) -> Option<Told> {
    let [verdict, wait, longest, violated, used @ .., minute, hour, day, reset_age_ms] = numbers;
    let mut usage = limits.unused();
    for ((usage, used), more_in) in usage.iter_mut().zip(used).zip([minute, hour, day]) {
        *usage = Usage { used: u32::try_from(*used).ok()?, more_in_ms: milliseconds(*more_in), ..*usage };
    }
    let mut windows = Windows::default();
    for (place, window) in Window::ALL.into_iter().enumerate() {
        if violated & 1 << place != 0 {
            windows.add(window);
        }
    }
    let verdict = match verdict {
        0 => Verdict::Admitted,
        1 => Verdict::Refused(Refusal {
            retry_after_ms: milliseconds(*wait),
            longest: *Window::ALL.get(usize::try_from(*longest).ok()?)?,
            violated: windows,
        }),
        _ => Verdict::TooCostly(windows),
    };
    Some(Told {
        decision: Decision { verdict, usage },
        reset_age_ms: Some(*reset_age_ms).filter(|age_ms| *age_ms >= 0),
    })
}

/// As the rule itself tells those that are too many: after a clock that was far ahead.
fn milliseconds(told: i64) -> u32 {
    u32::try_from(told).unwrap_or(u32::MAX)
}

impl fmt::Debug for RedisTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTier").field("link", &self.link).finish_non_exhaustive()
    }
}
