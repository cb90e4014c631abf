//! From observations to the price that is shown (the rule itself: `valora_shared::prices`), and when it is recorded.

use crate::{
    clock::{Clock, random_id},
    config::PricesConfig,
    store::{
        Result, Store, StoreError,
        held::{self, HeldOutcome, HeldPrice},
        observations::{self, KIND_CSV, Observation},
        prices::{self, NewPrice, Supporter},
        products::{self, StoredProduct},
    },
};
use sqlx::SqliteConnection;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use valora_shared::{
    id::ProductId,
    money::{Margin, Paise},
    prices::{Aggregate, MILLIS_PER_HOUR, Quote, aggregate, display_price, is_suspicious},
    time::UnixMillis,
};

/// Computes prices by one deployment's settings.
#[derive(Debug, Clone)]
pub struct Pricing {
    /// The margin of products without one of their own.
    pub default_margin: Margin,
    /// Age in hours at which an observation stops counting.
    pub max_age_hours: u64,
    /// How far the lowest price may fall on one source's word.
    pub max_drop_percent: u64,
    /// What the guard did.
    pub counts: Arc<PriceCounts>,
    /// What time it is.
    pub clock: Clock,
}

/// What the guard did since the start.
#[derive(Debug, Default)]
pub struct PriceCounts {
    held: AtomicU64,
    confirmed: AtomicU64,
}

/// When an unchanged price is recorded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unchanged {
    Never,
    AfterHeartbeat,
}

/// A day without a change is on record, too (design: prices.md).
const HEARTBEAT_MS: i64 = 24 * MILLIS_PER_HOUR;

/// A price, computed and not yet recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// The product as it was when the price was computed.
    pub product: StoredProduct,
    /// The observations that count.
    pub observations: Vec<Observation>,
    /// The lowest trustworthy market price.
    pub lowest: Paise,
    /// What the shop shows for it.
    pub display: Paise,
    /// The margin between the two.
    pub margin: Margin,
    /// Who supports the lowest price.
    pub supporters: Vec<Supporter>,
    /// What the sources name instead, where that is too low to be believed: then `lowest` is what it was before.
    pub suspicious: Option<(Paise, Vec<Supporter>)>,
    /// Whether it may be recorded with a margin that is not the product's own.
    takes_any_margin: bool,
    /// What waited when this was computed.
    was_held: Option<HeldPrice>,
}

/// Why there is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPrice {
    /// No such product, or it is not offered.
    UnknownProduct,
    /// No source tells one and none is known from before.
    NothingKnown,
}

/// What is known of products, read in one transaction.
#[derive(Debug)]
struct Known {
    products: Vec<StoredProduct>,
    observations: HashMap<ProductId, Vec<Observation>>,
    held: HashMap<ProductId, HeldPrice>,
}

/// What recomputing many products did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recomputed {
    /// Products that have a price.
    pub computed: u64,
    /// Prices that were recorded.
    pub recorded: u64,
    /// Products whose price waits now.
    pub held: u64,
}

impl Pricing {
    /// By `config`.
    pub fn new(config: &PricesConfig, clock: Clock) -> Self {
        Self {
            default_margin: config.default_margin_percent,
            max_age_hours: config.price_max_age_hours.get(),
            max_drop_percent: config.price_max_drop_percent.get(),
            counts: Arc::default(),
            clock,
        }
    }

    /// The margin that prices of `product` are recorded with.
    pub fn own_margin(&self, product: &StoredProduct) -> Margin {
        product.margin.unwrap_or(self.default_margin)
    }

    /// Computes a price with `margin`, or with the product's own. It is recorded when the margin is the product's
    /// own and lowest or display differ from what was recorded last.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub async fn price_now(
        &self,
        store: &Store,
        id: &ProductId,
        margin: Option<Margin>,
    ) -> Result<Result<Computed, NoPrice>> {
        self.price(store, id, margin, false).await
    }

    /// The same for an admin, whose margin counts as the product's own until its next price.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub async fn price_by_admin(
        &self,
        store: &Store,
        id: &ProductId,
        margin: Margin,
    ) -> Result<Result<Computed, NoPrice>> {
        self.price(store, id, Some(margin), true).await
    }

    async fn price(
        &self,
        store: &Store,
        id: &ProductId,
        margin: Option<Margin>,
        takes_any_margin: bool,
    ) -> Result<Result<Computed, NoPrice>> {
        let with_right = |computed: Computed| Computed { takes_any_margin, ..computed };
        let ids = std::slice::from_ref(id);
        let mut reading = store.read().await?;
        let computed = self.one(self.known(&mut reading, ids).await?, margin, None).map(with_right);
        drop(reading);
        let Ok(found) = &computed else { return Ok(computed) };
        if !self.is_news(found, Unchanged::Never) && !found.changes_hold() {
            return Ok(computed);
        }
        // Once more under the write lock, since the first look may be old by now.
        let mut writing = store.write().await?;
        let computed = self.one(self.known(&mut writing, ids).await?, margin, None).map(with_right);
        if let Ok(found) = &computed {
            self.write(&mut writing, std::slice::from_ref(found), Unchanged::Never).await?;
            writing.commit().await?;
        }
        Ok(computed)
    }

    /// Computes the prices of `ids` with their own margins, in the caller's transaction, which has the write lock,
    /// and records what is new. Products without any price, or not offered, are left out.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub async fn recompute(&self, db: &mut SqliteConnection, ids: &[ProductId]) -> Result<Recomputed> {
        if ids.is_empty() {
            return Ok(Recomputed::default());
        }
        let known = self.known(db, ids).await?;
        let computed: Vec<Computed> =
            self.all(known, None, None).into_iter().filter_map(|(_, computed)| computed.ok()).collect();
        self.write(db, &computed, Unchanged::AfterHeartbeat).await
    }

    /// Records the price that waits under `held_id`, on the word of `by`. False when it waits no longer, or when the
    /// sources name another one by now: nobody has looked at that.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub async fn confirm(&self, store: &Store, held_id: &str, by: &str) -> Result<bool> {
        let mut db = store.write().await?;
        let Some(held) = held::find_open(&mut db, held_id).await? else { return Ok(false) };
        let known = self.known(&mut db, std::slice::from_ref(&held.product_id)).await?;
        let Ok(computed) = self.one(known, None, Some(held.lowest)) else { return Ok(false) };
        let is_the_same = computed.lowest == held.lowest;
        if is_the_same {
            held::close(&mut db, held_id, HeldOutcome::Confirmed, Some(by), self.clock.now()).await?;
            let computed = Computed { was_held: None, ..computed };
            self.write(&mut db, &[computed], Unchanged::Never).await?;
            self.counts.confirmed.fetch_add(1, Ordering::Relaxed);
        } else {
            self.write(&mut db, &[computed], Unchanged::Never).await?;
        }
        db.commit().await.map_err(StoreError::from)?;
        Ok(is_the_same)
    }

    async fn known(&self, db: &mut SqliteConnection, ids: &[ProductId]) -> Result<Known> {
        let products = products::find_all(db, ids).await?;
        let mut by_product: HashMap<ProductId, Vec<Observation>> = HashMap::new();
        let now = self.clock.now();
        for observation in observations::newest(db, ids).await? {
            if self.counts(&observation, now) {
                by_product.entry(observation.product_id.clone()).or_default().push(observation);
            }
        }
        let held = held::open_of(db, ids).await?;
        let held = held.into_iter().map(|held| (held.product_id.clone(), held)).collect();
        Ok(Known { products, observations: by_product, held })
    }

    fn all(
        &self,
        known: Known,
        margin: Option<Margin>,
        confirmed: Option<Paise>,
    ) -> Vec<(ProductId, Result<Computed, NoPrice>)> {
        let Known { products, mut observations, mut held } = known;
        products
            .into_iter()
            .map(|product| {
                let id = product.product_id.clone();
                let observations = observations.remove(&id).unwrap_or_default();
                let held = held.remove(&id);
                (id, self.compute(product, observations, held, margin, confirmed))
            })
            .collect()
    }

    fn one(
        &self,
        known: Known,
        margin: Option<Margin>,
        confirmed: Option<Paise>,
    ) -> Result<Computed, NoPrice> {
        let first = self.all(known, margin, confirmed).into_iter().next();
        first.map_or(Err(NoPrice::UnknownProduct), |(_, computed)| computed)
    }

    /// `confirmed` is a lowest price that an admin has looked at.
    fn compute(
        &self,
        product: StoredProduct,
        observations: Vec<Observation>,
        was_held: Option<HeldPrice>,
        margin: Option<Margin>,
        confirmed: Option<Paise>,
    ) -> Result<Computed, NoPrice> {
        if !product.is_active {
            return Err(NoPrice::UnknownProduct);
        }
        let margin = margin.unwrap_or_else(|| self.own_margin(&product));
        let agreed = aggregate(&quotes(&observations), self.clock.now());
        let named = agreed.map(|agreed| (agreed.lowest, supporters(&agreed, &observations)));
        // What the next price may not fall too far from.
        let recorded = product.price.as_ref().map(|price| (price.lowest, price.supporters.clone()));
        let before = recorded.or_else(|| Some((last_known(&product)?, Vec::new())));
        let is_suspicious = |(lowest, supporters): &(Paise, Vec<Supporter>)| {
            let fell = before.as_ref().is_some_and(|(before, _)| {
                is_suspicious(*lowest, *before, supporters.len(), self.max_drop_percent)
            });
            fell && confirmed != Some(*lowest)
        };
        let (suspicious, named) = match named {
            Some(named) if is_suspicious(&named) => (Some(named), before),
            Some(named) => (None, Some(named)),
            None => (None, last_known(&product).map(|paise| (paise, Vec::new()))),
        };
        let Some((lowest, supporters)) = named else { return Err(NoPrice::NothingKnown) };
        Ok(Computed {
            lowest,
            display: display_price(lowest, margin, product.rule),
            margin,
            supporters,
            suspicious,
            takes_any_margin: false,
            was_held,
            observations,
            product,
        })
    }

    /// Records what is new in `computed`, and which prices wait. In the caller's transaction: a price, its product's
    /// last known price and seq are written together or not at all.
    async fn write(
        &self,
        db: &mut SqliteConnection,
        computed: &[Computed],
        unchanged: Unchanged,
    ) -> Result<Recomputed> {
        let now = self.clock.now();
        let news: Vec<_> = computed
            .iter()
            .filter(|computed| self.is_news(computed, unchanged))
            .map(|computed| (&computed.product.product_id, computed.to_new_price()))
            .collect();
        prices::record(db, &news, now).await?;
        let mut done = Recomputed { computed: computed.len() as u64, recorded: news.len() as u64, held: 0 };
        for computed in computed {
            done.held += u64::from(computed.suspicious.is_some());
            if computed.changes_hold() {
                self.write_hold(db, computed, now).await?;
            }
        }
        Ok(done)
    }

    async fn write_hold(
        &self,
        db: &mut SqliteConnection,
        computed: &Computed,
        now: UnixMillis,
    ) -> Result<()> {
        if let Some(before) = &computed.was_held {
            let outcome = match &computed.suspicious {
                Some(_) => HeldOutcome::Replaced,
                None if is_close(computed.lowest, before.lowest) => HeldOutcome::Supported,
                None => HeldOutcome::Withdrawn,
            };
            held::close(db, &before.held_id, outcome, None, now).await?;
        }
        let Some((lowest, supporters)) = &computed.suspicious else { return Ok(()) };
        let held = HeldPrice {
            held_id: random_id(),
            product_id: computed.product.product_id.clone(),
            lowest: *lowest,
            recorded: computed.lowest,
            supporters: supporters.clone(),
            held_at: now,
        };
        held::hold(db, &held).await?;
        self.counts.held.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(
            product_id = %held.product_id, held_id = held.held_id, lowest_paise = lowest.0,
            recorded_paise = computed.lowest.0, "a price fell too far to be recorded on one source's word"
        );
        Ok(())
    }

    /// The newest word of each source that still counts.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub async fn counting(&self, db: &mut SqliteConnection, id: &ProductId) -> Result<Vec<Observation>> {
        let mut newest = observations::newest(db, std::slice::from_ref(id)).await?;
        let now = self.clock.now();
        newest.retain(|observation| self.counts(observation, now));
        Ok(newest)
    }

    /// Whether an observation still counts: it names a price, and is recent or came from a file.
    pub(crate) fn counts(&self, observation: &Observation, now: UnixMillis) -> bool {
        let max_age_ms =
            i64::try_from(self.max_age_hours).unwrap_or(i64::MAX).saturating_mul(MILLIS_PER_HOUR);
        let is_recent = observation.kind == KIND_CSV || now.since(observation.observed_at) <= max_age_ms;
        observation.paise.is_some() && is_recent
    }

    fn is_news(&self, computed: &Computed, unchanged: Unchanged) -> bool {
        if computed.margin != self.own_margin(&computed.product) && !computed.takes_any_margin {
            return false;
        }
        let Some(last) = &computed.product.price else { return true };
        let is_due = unchanged == Unchanged::AfterHeartbeat
            && self.clock.now().since(last.computed_at) >= HEARTBEAT_MS;
        is_due || (last.lowest, last.display) != (computed.lowest, computed.display)
    }
}

impl Computed {
    fn to_new_price(&self) -> NewPrice<'_> {
        NewPrice {
            lowest: self.lowest,
            display: self.display,
            margin: self.margin,
            supporters: &self.supporters,
        }
    }

    /// Whether a price starts or ends to wait, or another one waits.
    fn changes_hold(&self) -> bool {
        let waits = self.suspicious.as_ref().map(|(lowest, _)| *lowest);
        waits != self.was_held.as_ref().map(|held| held.lowest)
    }
}

impl PriceCounts {
    /// Prices held and confirmed since the start.
    pub fn get(&self) -> (u64, u64) {
        (self.held.load(Ordering::Relaxed), self.confirmed.load(Ordering::Relaxed))
    }
}

/// Within one percent, as a supporter is.
fn is_close(one: Paise, other: Paise) -> bool {
    (one.0 - other.0).abs() <= (one.0.min(other.0) / 100).max(1)
}

/// Observations with a price, in the form of the rule.
pub fn quotes(observations: &[Observation]) -> Vec<Quote> {
    observations
        .iter()
        .filter_map(|observation| {
            Some(Quote {
                source: observation.source.clone(),
                paise: observation.paise?,
                confidence: observation.confidence,
                observed_at: observation.observed_at,
            })
        })
        .collect()
}

fn last_known(product: &StoredProduct) -> Option<Paise> {
    product.last_known.map(|(paise, _)| paise)
}

fn supporters(agreed: &Aggregate, observations: &[Observation]) -> Vec<Supporter> {
    observations
        .iter()
        .filter(|observation| agreed.supporters.contains(&observation.source))
        .map(|observation| Supporter {
            source: observation.source.clone(),
            confidence: observation.confidence,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use valora_shared::prices::Confidence;

    fn observation(kind: &str, age_hours: i64) -> Observation {
        Observation {
            product_id: ProductId::parse("1").unwrap(),
            source: "s".to_owned(),
            number: 1,
            kind: kind.to_owned(),
            paise: Some(Paise(100)),
            confidence: Confidence::IMPORTED,
            observed_at: UnixMillis(1_790_000_000_000 - age_hours * MILLIS_PER_HOUR),
        }
    }

    #[test]
    fn an_old_observation_stops_counting_unless_it_came_from_a_file() {
        let clock = Clock::manual(UnixMillis(1_790_000_000_000));
        let pricing = Pricing {
            default_margin: Margin::default(),
            max_age_hours: 24,
            max_drop_percent: 50,
            counts: Arc::default(),
            clock: clock.clone(),
        };
        assert!(pricing.counts(&observation("push", 24), clock.now()));
        clock.advance(Duration::from_millis(1));
        assert!(!pricing.counts(&observation("push", 24), clock.now()));
        assert!(pricing.counts(&observation(KIND_CSV, 9_000), clock.now()));
        let withdrawn = Observation { paise: None, ..observation(KIND_CSV, 0) };
        assert!(!pricing.counts(&withdrawn, clock.now()));
    }
}
