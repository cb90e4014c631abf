//! Sends what is in the outbox, one delivery after the other: what was written while one was under way leaves as soon
//! as it returns. Replicas share the work by claims in the database.

use super::{
    delivery::{Delivery, Outcome},
    pruning,
};
use crate::{
    app::AppState,
    clock::{random_bytes, random_id},
    store::{
        Result, StoreError, Version,
        events::{self, Claimed},
    },
};
use std::{collections::HashSet, time::Duration};
use tokio::{sync::watch, time::sleep};
use valora_shared::{
    events::{Event, EventBody, EventId, MAX_EVENTS, Receipt},
    prices::backoff_ms,
};

/// One replica's sender.
#[derive(Debug)]
pub struct Sender {
    app: AppState,
    /// None where there is no edge.
    delivery: Option<Delivery>,
    /// What its claims are marked with.
    who: String,
    /// Events in one delivery; less than the most while the edge finds deliveries too large.
    limit: usize,
    /// Deliveries in a row that failed.
    failures: i64,
}

/// What one turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Idle,
    Delivered,
    Failed(Option<Duration>),
}

/// A claim is over after this long: three times what a delivery may take, and a replica that died is not missed long.
const CLAIM_MS: i64 = 30_000;
/// Half of what an edge with the usual `MAX_REQUEST_SIZE` takes, ids and kinds included.
const MOST_BYTES: usize = 512 << 10;
/// How often an idle sender looks whether anything was committed, by any process: microseconds (docs/adr/0003).
const GLANCE: Duration = Duration::from_millis(25);
/// Glances after which it looks at the outbox in any case: a claim that ends commits nothing.
const GLANCES: u32 = 40;
/// Waits after failures: 100 ms, 200, 400, …, each up to half longer at random.
const FIRST_WAIT_MS: i64 = 100;
const MOST_WAIT_MS: i64 = 5_000;
/// The longest that a Retry-After is obeyed.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(10);

impl Sender {
    /// A replica of its own.
    pub fn new(app: AppState) -> Self {
        let delivery = Delivery::new(&app.config, app.clock.clone());
        Self { delivery, who: random_id(), limit: MAX_EVENTS, failures: 0, app }
    }

    /// Works until `stop` says true or is gone, then gives back what it has claimed.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let stopped = async move {
            let _ = stop.wait_for(|is_stopped| *is_stopped).await;
        };
        tokio::select! {
            () = stopped => {}
            () = self.work() => {}
        }
        if self.delivery.is_some()
            && let Err(error) = self.release().await
        {
            tracing::warn!(error.cause = %error, "cannot give back events; their claims end by themselves");
        }
    }

    async fn work(&mut self) {
        if self.delivery.is_none() {
            return pruning::run(&self.app).await;
        }
        loop {
            let seen = self.app.store.version().await;
            match self.turn().await {
                Ok(Turn::Delivered) => {}
                Ok(Turn::Idle) => self.something_new(seen).await,
                Ok(Turn::Failed(retry_after)) => sleep(self.wait(retry_after)).await,
                Err(error) => {
                    self.failing(&error.to_string());
                    sleep(self.wait(None)).await;
                }
            }
        }
    }

    /// One delivery, if there is anything to deliver.
    async fn turn(&mut self) -> Result<Turn> {
        let claimed = self.claim().await?;
        let ids: Vec<EventId> = claimed.iter().map(|event| event.id.clone()).collect();
        if ids.is_empty() {
            return Ok(Turn::Idle);
        }
        // What cannot even be read here is ours to mend, and blocks nobody either.
        let mut receipt = Receipt::default();
        let mut batch = Vec::with_capacity(claimed.len());
        for Claimed { id, kind, body } in claimed {
            match EventBody::from_json(&kind, &body) {
                Ok(body) => batch.push(Event { id, body }),
                Err(error) => receipt.refuse(id, error.to_string()),
            }
        }
        let outcome = match &self.delivery {
            Some(delivery) if !batch.is_empty() => delivery.send(&batch).await,
            _ => Outcome::Taken(Receipt::default()),
        };
        let turn = match outcome {
            Outcome::Taken(taken) => {
                receipt.done = taken.done;
                receipt.refused.extend(taken.refused);
                self.limit = MAX_EVENTS;
                if self.app.events.set_failing(false) {
                    tracing::info!("the edge takes events again");
                }
                Turn::Delivered
            }
            // Half as many, until the one that the edge does not take is alone.
            Outcome::Rejected(cause) if batch.len() > 1 => {
                tracing::warn!(
                    events = batch.len(),
                    error.cause = cause,
                    "the edge rejects a whole delivery"
                );
                self.limit = batch.len().div_ceil(2);
                Turn::Delivered
            }
            Outcome::Rejected(cause) => {
                for event in batch {
                    receipt.refuse(event.id, cause.clone());
                }
                Turn::Delivered
            }
            Outcome::Failed { cause, retry_after } => {
                self.failing(&cause);
                Turn::Failed(retry_after)
            }
        };
        let told = self.settle(&ids, receipt).await?;
        if turn == Turn::Delivered && told == 0 && self.limit == MAX_EVENTS {
            // A receipt about nothing: the same again at once would go on for ever.
            self.failing("the edge's receipt names none of the events");
            return Ok(Turn::Failed(None));
        }
        if turn == Turn::Delivered {
            self.failures = 0;
        }
        Ok(turn)
    }

    async fn claim(&self) -> Result<Vec<Claimed>> {
        let now = self.app.clock.now();
        let is_any = events::is_any_free(&mut *self.app.store.read().await?, now).await?;
        if !is_any {
            return Ok(Vec::new());
        }
        let until = now.after(CLAIM_MS);
        let mut db = self.app.store.write().await?;
        let claimed = events::claim(&mut db, &self.who, now, until, self.limit, MOST_BYTES).await?;
        if !claimed.is_empty() {
            db.commit().await.map_err(StoreError::from)?;
        }
        Ok(claimed)
    }

    /// Writes down what became of the claimed events; how many are done with.
    async fn settle(&self, ids: &[EventId], receipt: Receipt) -> Result<usize> {
        // The edge has no say in others.
        let mut open: HashSet<&EventId> = ids.iter().collect();
        let mut db = self.app.store.write().await?;
        let mut refused = 0;
        for event in receipt.refused.iter().filter(|event| open.remove(&event.id)) {
            refused += 1;
            tracing::warn!(event_id = %event.id, reason = event.error, "an event was refused and is set aside");
            events::set_aside(&mut db, &event.id, &event.error).await?;
        }
        let done: Vec<EventId> = receipt.done.iter().filter(|id| open.remove(id)).cloned().collect();
        events::remove(&mut db, &done).await?;
        let rest: Vec<EventId> = ids.iter().filter(|id| open.contains(id)).cloned().collect();
        events::give_back(&mut db, &self.who, &rest).await?;
        db.commit().await.map_err(StoreError::from)?;
        self.app.events.took(done.len(), refused);
        Ok(done.len() + refused)
    }

    async fn release(&self) -> Result<()> {
        let mut db = self.app.store.write().await?;
        events::release(&mut db, &self.who).await?;
        db.commit().await.map_err(StoreError::from)
    }

    /// Waits until anybody commits anything; for a second at most.
    async fn something_new(&self, seen: Option<Version>) {
        for _ in 0..GLANCES {
            sleep(GLANCE).await;
            let is_new = seen.is_some() && self.app.store.version().await != seen;
            if is_new {
                return;
            }
        }
    }

    /// Once for each time it begins, not for each attempt.
    fn failing(&mut self, cause: &str) {
        self.failures += 1;
        if self.app.events.set_failing(true) {
            tracing::warn!(
                error.cause = cause,
                "events do not reach the edge; they are kept and tried again"
            );
        }
    }

    fn wait(&self, retry_after: Option<Duration>) -> Duration {
        let wait_ms = backoff_ms(self.failures, FIRST_WAIT_MS, MOST_WAIT_MS);
        let chance = random_bytes::<1>().map_or(0, |[byte]| i64::from(byte));
        let wait_ms = wait_ms + wait_ms * chance / 512;
        let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0));
        wait.max(retry_after.unwrap_or_default().min(MOST_RETRY_AFTER))
    }
}
