//! Asks a product's sources with what is known of them, and keeps what they told.

use crate::{
    app::App,
    clock::Clock,
    sources::{Failure, Said, Source, SourceKind, Sources, Validators},
    store::{
        Connection, Result, StoreError,
        observations::{self, KIND_CSV, Observation},
        polls, products,
        products::StoredProduct,
        source_states::{self, SourceState},
    },
};
use futures_util::future::join_all;
use std::{collections::HashMap, time::Duration};
use tokio::time::timeout;
use valora_shared::{id::ProductId, money::Paise, prices::backoff_ms, time::UnixMillis};

/// Who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Somebody waits for the answer.
    Request,
    /// It is time.
    Schedule,
}

/// What is known of the sources of some products.
#[derive(Debug, Default)]
pub struct Known {
    states: HashMap<ProductId, Vec<SourceState>>,
    newest: HashMap<ProductId, Vec<Observation>>,
}

/// What a product's sources told.
#[derive(Debug)]
pub struct Asked {
    /// The product.
    pub product_id: ProductId,
    /// How many were asked.
    pub asked: usize,
    /// How many of them failed.
    pub failed: usize,
    words: Vec<Observation>,
    states: Vec<SourceState>,
}

/// Sources of a product are asked at most once within this (design: http.md).
const PAUSE: Duration = Duration::from_secs(10);
/// A request waits no longer for its sources: the edge gives up on it after 10 s (`ORIGIN_TIMEOUT_MS`).
const REQUEST_LIMIT: Duration = Duration::from_secs(8);
/// After the first failure a source is left alone for a minute, after more of them for up to an hour.
const FIRST_BACKOFF_MS: i64 = 60_000;
const MOST_BACKOFF_MS: i64 = 3_600_000;

/// Asks for somebody who waits, unless that was done within [`PAUSE`] by this replica or another.
///
/// # Errors
/// [`StoreError`].
pub async fn for_request(app: &App, id: &ProductId) -> Result<()> {
    if app.sources.iter().next().is_none() {
        return Ok(());
    }
    let ids = std::slice::from_ref(id);
    let mut db = app.store.read().await?;
    let Some(product) = products::find(&mut db, id).await?.filter(|product| product.is_active) else {
        return Ok(());
    };
    if app.sources.applicable(&product).next().is_none() {
        return Ok(());
    }
    let now = app.clock.now();
    let pause_ms = i64::try_from(PAUSE.as_millis()).unwrap_or(i64::MAX);
    if polls::asked_at(&mut db, id).await?.is_some_and(|at| now.since(at) < pause_ms) {
        return Ok(());
    }
    let known = Known::read(&mut db, ids).await?;
    drop(db);
    let mut db = app.store.write().await?;
    if !polls::claim_asking(&mut db, id, now, PAUSE).await? {
        return Ok(());
    }
    db.commit().await.map_err(StoreError::from)?;
    let asked = ask(&app.sources, &product, &known, Why::Request, &app.clock).await;
    let mut db = app.store.write().await?;
    keep(&mut db, vec![asked], app.clock.now()).await?;
    db.commit().await.map_err(StoreError::from)
}

impl Known {
    /// Of `ids`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(db: &mut Connection, ids: &[ProductId]) -> Result<Self> {
        let mut known = Self::default();
        for state in source_states::find_all(db, ids).await? {
            known.states.entry(state.product_id.clone()).or_default().push(state);
        }
        for word in observations::newest(db, ids).await? {
            known.newest.entry(word.product_id.clone()).or_default().push(word);
        }
        Ok(known)
    }

    fn state(&self, id: &ProductId, source: &str) -> Option<&SourceState> {
        self.states.get(id)?.iter().find(|state| state.source == source)
    }

    fn newest(&self, id: &ProductId, source: &str) -> Option<&Observation> {
        self.newest.get(id)?.iter().find(|word| word.source == source)
    }
}

/// Asks all sources of `product` at once, but those that are left alone for now.
pub async fn ask(
    sources: &Sources,
    product: &StoredProduct,
    known: &Known,
    why: Why,
    clock: &Clock,
) -> Asked {
    let id = &product.product_id;
    let now = clock.now();
    let mut asking = Vec::new();
    for source in sources.applicable(product) {
        let state = known.state(id, &source.spec.name);
        if may_ask(source, state, why, now) {
            asking.push(async move { (source, state, answer(source, product, state, why).await) });
        }
    }
    let mut asked =
        Asked { product_id: id.clone(), asked: 0, failed: 0, words: Vec::new(), states: Vec::new() };
    for (source, state, said) in join_all(asking).await {
        asked.asked += 1;
        asked.failed += usize::from(said.is_err());
        if let Err(failure) = &said {
            tracing::info!(source = source.spec.name, product_id = %id, error.cause = %failure, "a source failed");
        }
        let now = clock.now();
        asked.words.extend(word(
            source,
            known.newest(id, &source.spec.name),
            product,
            said.as_ref().ok(),
            now,
        ));
        asked.states.extend(state_after(source, state, product, &said, now));
    }
    asked
}

async fn answer(
    source: &Source,
    product: &StoredProduct,
    state: Option<&SourceState>,
    why: Why,
) -> std::result::Result<Said, Failure> {
    let asking = source.ask(product, state);
    match why {
        Why::Schedule => asking.await,
        Why::Request => timeout(REQUEST_LIMIT, asking)
            .await
            .unwrap_or_else(|_| Err(Failure::Timeout(REQUEST_LIMIT.as_millis()))),
    }
}

/// Keeps what was told, in the caller's transaction, which has the write lock.
///
/// # Errors
/// [`StoreError`].
pub async fn keep(db: &mut Connection, asked: Vec<Asked>, now: UnixMillis) -> Result<()> {
    let (mut words, mut states) = (Vec::new(), Vec::new());
    for asked in asked {
        words.extend(asked.words);
        states.extend(asked.states);
    }
    observations::tell(db, words, now).await?;
    source_states::put(db, &states).await
}

fn may_ask(source: &Source, state: Option<&SourceState>, why: Why, now: UnixMillis) -> bool {
    let is_left_alone = state.is_some_and(|state| now < state.retry_at);
    let is_time = match (why, source.spec.poll_every) {
        (Why::Request, _) => true,
        (Why::Schedule, None) => false,
        (Why::Schedule, Some(every)) => state.is_none_or(|state| {
            now.since(state.asked_at) >= i64::try_from(every.as_millis()).unwrap_or(i64::MAX)
        }),
    };
    is_time && !is_left_alone
}

/// What goes on record. A file's price only when it is another: it counts until the file says something else.
fn word(
    source: &Source,
    newest: Option<&Observation>,
    product: &StoredProduct,
    said: Option<&Said>,
    now: UnixMillis,
) -> Option<Observation> {
    let kind = source.spec.kind.name();
    let paise: Option<Paise> = match said? {
        Said::Price(paise, _) | Said::Unchanged(paise) => Some(*paise),
        Said::Nothing => None,
    };
    let confidence = source.spec.confidence;
    let is_known = match newest {
        None => paise.is_none(),
        Some(word) => (word.paise, word.kind.as_str(), word.confidence) == (paise, kind, confidence),
    };
    if is_known && (kind == KIND_CSV || paise.is_none()) {
        return None;
    }
    Some(Observation {
        product_id: product.product_id.clone(),
        source: source.spec.name.clone(),
        number: 0,
        kind: kind.to_owned(),
        paise,
        confidence,
        observed_at: now,
    })
}

fn state_after(
    source: &Source,
    before: Option<&SourceState>,
    product: &StoredProduct,
    said: &std::result::Result<Said, Failure>,
    now: UnixMillis,
) -> Option<SourceState> {
    // A file in order needs no memory, a row for each product the less.
    let is_list = matches!(source.spec.kind, SourceKind::Csv { .. });
    let is_paced = source.spec.poll_every.is_some_and(|every| every > Duration::from_secs(1));
    if is_list && said.is_ok() && before.is_none() && !is_paced {
        return None;
    }
    let blank = SourceState {
        product_id: product.product_id.clone(),
        source: source.spec.name.clone(),
        url: None,
        etag: None,
        last_modified: None,
        paise: None,
        asked_at: now,
        failures: 0,
        retry_at: UnixMillis(0),
        last_failure: None,
    };
    Some(match said {
        Ok(Said::Price(paise, Validators { etag, last_modified })) => {
            // Without validators the next question is no condition, and an answer 304 to it a fault.
            let is_conditional = etag.is_some() || last_modified.is_some();
            SourceState {
                url: source.url(product).map(String::from).filter(|_| is_conditional),
                etag: etag.clone(),
                last_modified: last_modified.clone(),
                paise: Some(*paise),
                ..blank
            }
        }
        Ok(Said::Unchanged(_)) => SourceState {
            asked_at: now,
            failures: 0,
            retry_at: UnixMillis(0),
            last_failure: None,
            ..before.cloned().unwrap_or(blank)
        },
        Ok(Said::Nothing) => blank,
        Err(failure) => {
            let before = before.cloned().unwrap_or(blank);
            // We are the reason, not the source.
            let failures = before.failures + i64::from(*failure != Failure::Busy);
            SourceState {
                asked_at: now,
                failures,
                retry_at: UnixMillis(now.0.saturating_add(backoff_ms(
                    failures,
                    FIRST_BACKOFF_MS,
                    MOST_BACKOFF_MS,
                ))),
                last_failure: Some(failure.to_string()),
                ..before
            }
        }
    })
}
