//! Looks at every active product's sources in its time. Replicas share the work by claims in the database: whoever
//! claims a product does it, and a claim that its replica did not end is over by itself.

use crate::{
    app::{App, AppState},
    asking::{self, Asked, Known, Why},
    clock::{Stopwatch, random_id},
    pricing::Recomputed,
    store::{
        Result, StoreError,
        polls::{self, Claimed, Done},
        products::{self, StoredProduct},
    },
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use valora_shared::{id::ProductId, prices::backoff_ms, time::UnixMillis};

/// One replica's scheduler.
#[derive(Debug)]
pub struct Scheduler {
    app: AppState,
    /// What its claims are marked with.
    who: String,
}

/// What one round did: all that was due when it looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Products done and due again later.
    pub done: u64,
    /// Prices recorded.
    pub recorded: u64,
    /// Products whose price waits for a second source.
    pub held: u64,
    /// Products of which every source failed.
    pub failed: u64,
    /// Products whose claim was over before they were done: another replica has them.
    pub lost: u64,
}

/// What the scheduler shows of itself.
#[derive(Debug, Default)]
pub struct SchedulerStatus(Mutex<Shown>);

/// The last round and how many there were.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown {
    /// Since the start.
    pub rounds: u64,
    /// When the last one began, how long it took, and what it did.
    pub last: Option<(UnixMillis, Duration, Round)>,
}

/// A claim is over after this long: a product takes seconds, and a replica that died should not be missed for long.
const CLAIM: Duration = Duration::from_mins(2);
/// What is not told by then is left out, so that there is time to write before the claim is over.
const ASKING: Duration = Duration::from_secs(90);
/// Products in one claim where sources are asked over the network, and where files alone are: one commit each.
const HTTP_BATCH: usize = 64;
const LIST_BATCH: usize = 500;
/// How often a replica looks whether something is due; the look costs one read.
const TICK: Duration = Duration::from_secs(5);
/// A product that keeps failing is looked at after twice its interval, four times, …, at most every six hours.
const MOST_BACKOFF_MS: i64 = 6 * 3_600_000;

impl Scheduler {
    /// A replica of its own.
    pub fn new(app: AppState) -> Self {
        Self { app, who: random_id() }
    }

    /// Works until `stop` says true or is gone, then gives back what it has claimed.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let Some(interval) = interval(&self.app) else { return };
        tracing::info!(interval_seconds = interval.as_secs(), "the scheduler looks at products");
        let stopped = async move {
            let _ = stop.wait_for(|is_stopped| *is_stopped).await;
        };
        tokio::select! {
            () = stopped => {}
            () = self.work(interval.min(TICK)) => {}
        }
        // What was under way is undone with its transaction; others need not wait until the claims are over.
        if let Err(error) = self.release().await {
            tracing::warn!(error.cause = %error, "cannot give back claims; they end by themselves");
        }
    }

    async fn work(&self, tick: Duration) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(error.cause = %error, "a round of the scheduler failed; the next one goes on");
            }
            tokio::time::sleep(tick).await;
        }
    }

    async fn release(&self) -> Result<()> {
        let mut db = self.app.store.write().await?;
        polls::release(&mut db, &self.who).await?;
        db.commit().await.map_err(StoreError::from)
    }

    /// Does all that is due now and nobody else does.
    ///
    /// # Errors
    /// [`StoreError`]; what was claimed then is free when its claim is over.
    pub async fn round(&self) -> Result<Round> {
        let app = &*self.app;
        let mut round = Round::default();
        let (since, began) = (Stopwatch::start(), app.clock.now());
        // Reading first: a write makes everything old that is kept in memory (docs/adr/0003).
        let mut reading = app.store.read().await?;
        let is_any_due = polls::is_any_due(&mut reading, began).await?;
        drop(reading);
        if !is_any_due {
            return Ok(round);
        }
        let mut db = app.store.write().await?;
        polls::enlist(&mut db, later(began, interval(app).unwrap_or_default())).await?;
        db.commit().await.map_err(StoreError::from)?;
        loop {
            let claimed = self.claim().await?;
            if claimed.is_empty() {
                break;
            }
            round.add(self.batch(&claimed).await?);
        }
        app.scheduler.tell(began, since.elapsed(), round);
        if round.done > 0 {
            tracing::info!(
                done = round.done,
                recorded = round.recorded,
                held = round.held,
                failed = round.failed,
                lost = round.lost,
                took_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
                "a round of the scheduler is done"
            );
        }
        Ok(round)
    }

    async fn claim(&self) -> Result<Vec<Claimed>> {
        let app = &*self.app;
        let limit = if app.sources.any_http() { HTTP_BATCH } else { LIST_BATCH };
        let now = app.clock.now();
        let mut db = app.store.write().await?;
        let claimed = polls::claim(&mut db, &self.who, now, later(now, CLAIM), limit).await?;
        db.commit().await.map_err(StoreError::from)?;
        Ok(claimed)
    }

    async fn batch(&self, claimed: &[Claimed]) -> Result<Round> {
        let app = &*self.app;
        let ids: Vec<ProductId> = claimed.iter().map(|claimed| claimed.product_id.clone()).collect();
        let mut asked = self.ask(&ids).await?;
        let now = app.clock.now();
        let mut db = app.store.write().await?;
        let mine = polls::still_claimed(&mut db, &self.who, now, &ids).await?;
        let failures: HashMap<&ProductId, i64> =
            claimed.iter().map(|claimed| (&claimed.product_id, claimed.failures)).collect();
        let mut round =
            Round { done: mine.len() as u64, lost: (ids.len() - mine.len()) as u64, ..Round::default() };
        let mut done = Vec::with_capacity(mine.len());
        let mut told = Vec::new();
        for id in &mine {
            let asked = asked.remove(id);
            let before = failures.get(id).copied().unwrap_or(0);
            let failures = match &asked {
                // Left out, because time was over.
                None => before + 1,
                Some(asked) if asked.asked == 0 => before,
                Some(asked) if asked.failed == asked.asked => before + 1,
                Some(_) => 0,
            };
            round.failed += u64::from(failures > before);
            let asked_at = asked.as_ref().filter(|asked| asked.asked > 0).map(|_| now);
            done.push(Done { product_id: id, due_at: self.due_at(now, failures), failures, asked_at });
            told.extend(asked);
        }
        // Everything about these products in one transaction: whoever dies before the commit has done nothing.
        asking::keep(&mut db, told, now).await?;
        let Recomputed { recorded, held, .. } = app.pricing.recompute(&mut db, &mine).await?;
        polls::finish(&mut db, &done).await?;
        db.commit().await.map_err(StoreError::from)?;
        Ok(Round { recorded, held, ..round })
    }

    /// What the sources of `ids` say; products that are missing ran out of time.
    async fn ask(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Asked>> {
        let app = &*self.app;
        let mut db = app.store.read().await?;
        let products: Vec<StoredProduct> = products::find_all(&mut db, ids).await?;
        let known = if app.sources.iter().next().is_some() {
            Known::read(&mut db, ids).await?
        } else {
            Known::default()
        };
        drop(db);
        let concurrency = usize::try_from(app.config.prices.price_poll_concurrency.get()).unwrap_or(1);
        // Boxed: the compiler cannot see that borrowing futures in a stream are Send.
        let mut questions: Vec<BoxFuture<'_, Asked>> = Vec::with_capacity(products.len());
        for product in &products {
            questions.push(asking::ask(&app.sources, product, &known, Why::Schedule, &app.clock).boxed());
        }
        let mut asking = stream::iter(questions).buffer_unordered(concurrency);
        let mut told = HashMap::with_capacity(ids.len());
        let all = async {
            while let Some(asked) = asking.next().await {
                told.insert(asked.product_id.clone(), asked);
            }
        };
        let _ = tokio::time::timeout(ASKING, all).await;
        drop(asking);
        Ok(told)
    }

    fn due_at(&self, now: UnixMillis, failures: i64) -> UnixMillis {
        let interval = interval(&self.app).unwrap_or_default();
        if failures == 0 {
            return later(now, interval);
        }
        let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        UnixMillis(now.0.saturating_add(backoff_ms(
            failures + 1,
            interval_ms,
            MOST_BACKOFF_MS.max(interval_ms),
        )))
    }
}

impl Round {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.recorded += other.recorded;
        self.held += other.held;
        self.failed += other.failed;
        self.lost += other.lost;
    }
}

impl SchedulerStatus {
    fn tell(&self, began: UnixMillis, took: Duration, round: Round) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.rounds += 1;
        shown.last = Some((began, took, round));
    }

    /// How it stands.
    pub fn get(&self) -> Shown {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None` where there is no scheduler.
pub(crate) fn interval(app: &App) -> Option<Duration> {
    let seconds = app.config.prices.price_poll_interval_seconds.get();
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn later(now: UnixMillis, by: Duration) -> UnixMillis {
    UnixMillis(now.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}
