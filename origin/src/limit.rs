//! The origin's own rate limiter, for requests that come past the edge (design: rate-limit.md). The rule is shared's; here
//! each replica counts in memory, and in a Redis what all replicas count together. Both are always asked and the
//! stricter wins, so that Redis may die and return, empty or not, without an error or a second allowance.

mod memory;
mod name;
mod redis;

pub use name::Name;

use crate::{
    clock::{Clock, Stopwatch},
    config::{OriginConfig, OriginRateConfig},
    redis::RedisState,
};
use memory::{Booked, Memory};
use redis::{Mode, RedisTier};
use std::sync::atomic::{AtomicU64, Ordering};
use valora_shared::{
    rate::{Decision, Limits, Payer, Usage, Verdict, Who, peek},
    time::UnixMillis,
    trust::SharedSecret,
};

/// Memory of this replica, and Redis beside it where there is one.
#[derive(Debug)]
pub struct Limiter {
    memory: Memory,
    redis: Option<RedisTier>,
    secret: SharedSecret,
    refused: AtomicU64,
    alone: AtomicU64,
}

/// Somebody who pays, under the name that is counted.
#[derive(Debug, Clone, Copy)]
struct Counted {
    name: Name,
    limits: Limits,
}

/// What became of a request.
#[derive(Debug)]
pub struct Outcome {
    /// What its client is called in logs.
    pub client: Name,
    /// What holds for that client.
    pub limits: Limits,
    /// How its windows stand, or why it is refused.
    pub standing: Result<[Usage; 3], Decision>,
}

impl Limiter {
    /// Connects to Redis in the background.
    pub fn start(config: &OriginConfig) -> Self {
        let OriginRateConfig { rate_limit_clients, redis_rate_limit_url } = &config.origin_rate;
        Self {
            memory: Memory::new(usize::try_from(rate_limit_clients.get()).unwrap_or(usize::MAX)),
            redis: redis_rate_limit_url.as_ref().map(|url| RedisTier::start(url.client())),
            secret: config.rate.client_secret(),
            refused: AtomicU64::new(0),
            alone: AtomicU64::new(0),
        }
    }

    /// What somebody is called where an address may not stand.
    pub(crate) fn name(&self, who: &Who) -> Name {
        Name::of(&self.secret, who)
    }

    /// Spends `cost` of all `payers`, of whom the first is the client, or of none; `None` where nobody pays.
    pub async fn spend(
        &self,
        payers: impl Iterator<Item = Payer>,
        cost: u32,
        now: UnixMillis,
    ) -> Option<Outcome> {
        let payers: Vec<Payer> = payers.collect();
        let counted: Vec<Counted> = payers
            .iter()
            .map(|Payer { who, limits }| Counted { name: self.name(who), limits: *limits })
            .collect();
        let Counted { name, limits } = *counted.first()?;
        // An HMAC is most of what a decision costs: none is made twice.
        let client = match &payers.first()?.who {
            Who::UpgradesOf(client) => self.name(client),
            Who::Client(_) | Who::AccountsAt(..) => name,
        };
        let decisions = self.decide(&counted, cost, now).await;
        let refused = decisions.iter().filter(|decision| !decision.is_admitted());
        let standing = match refused.max_by_key(|decision| decision.verdict.wait_ms()) {
            Some(longest) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(*longest)
            }
            None => Ok(decisions.first()?.usage),
        };
        Some(Outcome { client, limits, standing })
    }

    /// How a client's windows stand under these limits.
    pub(crate) async fn look(&self, name: Name, limits: Limits, now: UnixMillis) -> Decision {
        let here = self.memory.look(name, now, &limits);
        match self.ask(Mode::Look, &[Counted { name, limits }], 1).await.as_deref() {
            Some([there]) => here.and(there.decision),
            _ => here,
        }
    }

    /// Forgets what these have spent; other replicas learn it from Redis. Whether Redis knows it, where there is one:
    /// first it, as what it still refuses meanwhile would be kept here.
    pub(crate) async fn reset(&self, names: &[Name], limits: Limits, clock: &Clock) -> bool {
        let counted: Vec<Counted> = names.iter().map(|name| Counted { name: *name, limits }).collect();
        let told = self.ask(Mode::Reset, &counted, 0).await;
        // Behind Redis' own time of it, so that it is not obeyed once more.
        for name in names {
            self.memory.reset(*name, clock.now());
        }
        told.is_some() || self.redis.is_none()
    }

    /// How Redis is; `None` where there is none.
    pub(crate) async fn redis_state(&self) -> Option<RedisState> {
        Some(self.redis.as_ref()?.state().await)
    }

    /// Requests refused since the start.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Times since the start that memory decided alone, although there should be a Redis.
    pub fn alone(&self) -> u64 {
        self.alone.load(Ordering::Relaxed)
    }

    /// Of each, in their order; only of one who is refused, where that is known already.
    async fn decide(&self, counted: &[Counted], cost: u32, now: UnixMillis) -> Vec<Decision> {
        // Whoever goes on asking although it is refused is no burden to Redis.
        if let Some(refused) = self.redis.as_ref().and_then(|_| self.memory.kept(counted, cost, now)) {
            return vec![refused];
        }
        let mut decisions = self.compare(self.memory.book(counted, cost, now), counted, cost, now).await;
        if decisions.is_none() {
            decisions = self.compare(self.memory.book(counted, cost, now), counted, cost, now).await;
        }
        let decisions = decisions.unwrap_or_else(|| self.memory.book(counted, cost, now).decisions);
        if self.redis.is_some() {
            self.memory.keep(counted, &decisions, cost, now);
        }
        decisions
    }

    /// With what Redis says; `None` where memory refused by what it has forgotten since, because it has learned from Redis
    /// that an admin reset the client at another replica.
    async fn compare(
        &self,
        mut here: Booked,
        counted: &[Counted],
        cost: u32,
        now: UnixMillis,
    ) -> Option<Vec<Decision>> {
        // What is refused here is only looked at there: how long it has to wait may be longer.
        let mode = if here.is_admitted() { Mode::Spend } else { Mode::Look };
        let asked = Stopwatch::start();
        let Some(there) = self.ask(mode, counted, cost).await else {
            // Another request may have learned of a reset while this one waited.
            self.memory.hold(&mut here, counted, now);
            return Some(here.decisions);
        };
        let waited_ms = i64::try_from(asked.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.memory.obey_resets(counted, &there, now, now.after(waited_ms));
        if !here.is_admitted() && self.memory.is_outdated(&here, counted) {
            return None;
        }
        if there.iter().all(|there| there.decision.is_admitted()) {
            self.memory.hold(&mut here, counted, now);
        } else {
            self.memory.take_back(&here);
        }
        let both = here.decisions.iter().zip(&there);
        Some(both.map(|(here, there)| here.and(there.decision)).collect())
    }

    async fn ask(&self, mode: Mode, counted: &[Counted], cost: u32) -> Option<Vec<redis::Told>> {
        let told = self.redis.as_ref()?.ask(mode, counted, cost).await;
        if told.is_none() {
            self.alone.fetch_add(1, Ordering::Relaxed);
        }
        told
    }
}
