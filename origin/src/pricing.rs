//! From observations to the price that is shown (the rule itself: `valora_shared::prices`), and when it is recorded.

use crate::{
    clock::Clock,
    config::PricesConfig,
    store::{
        Result, Store,
        observations::{self, KIND_CSV, Observation},
        prices::{self, NewPrice, Supporter},
        products::{self, StoredProduct},
    },
};
use sqlx::SqliteConnection;
use valora_shared::{
    id::ProductId,
    money::{Margin, Paise},
    prices::{Aggregate, MILLIS_PER_HOUR, Quote, aggregate, display_price},
    time::UnixMillis,
};

/// Computes prices by one deployment's settings.
#[derive(Debug, Clone)]
pub struct Pricing {
    /// The margin of products without one of their own.
    pub default_margin: Margin,
    /// Age in hours at which an observation stops counting.
    pub max_age_hours: u64,
    /// What time it is.
    pub clock: Clock,
}

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
}

/// Why there is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPrice {
    /// No such product, or it is not offered.
    UnknownProduct,
    /// No source tells one and none is known from before.
    NothingKnown,
}

impl Pricing {
    /// By `config`.
    pub fn new(config: &PricesConfig, clock: Clock) -> Self {
        Self {
            default_margin: config.default_margin_percent,
            max_age_hours: config.price_max_age_hours.get(),
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
        let mut reading = store.read().await?;
        let computed = match self.compute(&mut reading, id, margin).await? {
            Ok(computed) if self.is_news(&computed) => {
                drop(reading);
                self.record(store, id, margin).await?
            }
            answer => answer,
        };
        Ok(computed)
    }

    /// Computes once more under the write lock, since the first look may be old by now, and records what is new.
    async fn record(
        &self,
        store: &Store,
        id: &ProductId,
        margin: Option<Margin>,
    ) -> Result<Result<Computed, NoPrice>> {
        let mut writing = store.write().await?;
        let answer = self.compute(&mut writing, id, margin).await?;
        if let Ok(computed) = &answer
            && self.is_news(computed)
        {
            prices::record(&mut writing, id, &computed.to_new_price(), self.clock.now()).await?;
            writing.commit().await?;
        }
        Ok(answer)
    }

    async fn compute(
        &self,
        db: &mut SqliteConnection,
        id: &ProductId,
        margin: Option<Margin>,
    ) -> Result<Result<Computed, NoPrice>> {
        let Some(product) = products::find(db, id).await?.filter(|product| product.is_active) else {
            return Ok(Err(NoPrice::UnknownProduct));
        };
        let observations = self.counting(db, id).await?;
        let margin = margin.unwrap_or_else(|| self.own_margin(&product));
        let agreed = aggregate(&quotes(&observations), self.clock.now());
        let Some(lowest) = agreed.as_ref().map(|agreed| agreed.lowest).or(last_known(&product)) else {
            return Ok(Err(NoPrice::NothingKnown));
        };
        Ok(Ok(Computed {
            lowest,
            display: display_price(lowest, margin, product.rule),
            margin,
            supporters: agreed.map(|agreed| supporters(&agreed, &observations)).unwrap_or_default(),
            observations,
            product,
        }))
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

    fn is_news(&self, computed: &Computed) -> bool {
        let is_own = computed.margin == self.own_margin(&computed.product);
        let last = computed.product.price.as_ref().map(|price| (price.lowest, price.display));
        is_own && last != Some((computed.lowest, computed.display))
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
        let pricing = Pricing { default_margin: Margin::default(), max_age_hours: 24, clock: clock.clone() };
        assert!(pricing.counts(&observation("push", 24), clock.now()));
        clock.advance(Duration::from_millis(1));
        assert!(!pricing.counts(&observation("push", 24), clock.now()));
        assert!(pricing.counts(&observation(KIND_CSV, 9_000), clock.now()));
        let withdrawn = Observation { paise: None, ..observation(KIND_CSV, 0) };
        assert!(!pricing.counts(&withdrawn, clock.now()));
    }
}
