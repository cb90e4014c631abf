//! What every request may use.

use crate::{
    accounts::{Accounts, SecretsError},
    cache::ResponseCache,
    clock::{Clock, Stopwatch},
    config::OriginConfig,
    events::EventsStatus,
    limit::Limiter,
    pipeline::{RateHeaders, SecurityHeaders},
    pricing::Pricing,
    scheduler::SchedulerStatus,
    snapshot::FirstPage,
    sources::{Addresses, Sources, SystemLookup},
    store::{Store, StoreError},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use sysinfo::System;
use valora_shared::{cache::Lifetimes, http::CorsPolicy, trust::KeyRing};

/// The running origin; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState(Arc<App>);

/// Behind [`AppState`].
#[derive(Debug)]
pub struct App {
    /// Its settings.
    pub config: OriginConfig,
    /// The database.
    pub store: Store,
    /// Who may do what.
    pub accounts: Accounts,
    /// Computes prices.
    pub pricing: Pricing,
    /// Where prices come from.
    pub sources: Sources,
    /// What the scheduler did.
    pub scheduler: SchedulerStatus,
    /// What telling the edge did.
    pub events: EventsStatus,
    /// What time it is.
    pub clock: Clock,
    /// Under which edge and origin sign for each other.
    pub(crate) keys: Option<KeyRing>,
    /// Which pages may call.
    pub cors: CorsPolicy,
    /// On every answer.
    pub(crate) security_headers: SecurityHeaders,
    /// For how long answers may be kept.
    pub(crate) lifetimes: Lifetimes,
    /// Requests answered.
    pub counts: Counts,
    /// Answers that are kept for requests past the edge.
    pub(crate) cache: ResponseCache,
    /// How much clients may ask for past the edge.
    pub(crate) limiter: Limiter,
    /// What answers say of that.
    pub(crate) rate_headers: RateHeaders,
    /// The first page of products, as bytes.
    pub(crate) first_page: FirstPage,
    /// Since the start.
    pub(crate) uptime: Stopwatch,
    /// The machine; kept, because its processor's use is measured from one look to the next.
    pub(crate) system: Mutex<Option<System>>,
}

/// Why the origin cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counts {
    requests: AtomicU64,
    errors: AtomicU64,
}

impl AppState {
    /// Opens the database and gets ready to answer.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(config: OriginConfig, clock: Clock) -> Result<Self, OpenError> {
        let addresses = Addresses::new(Arc::new(SystemLookup), config.sources.allow_private.0);
        Self::open_with(config, clock, &addresses).await
    }

    /// The same with a say in which addresses sources may have.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_with(
        config: OriginConfig,
        clock: Clock,
        addresses: &Addresses,
    ) -> Result<Self, OpenError> {
        let store = Store::open(&config.database.url, &clock).await?;
        let cache = ResponseCache::open(&config.cache, &store).await?;
        Ok(Self(Arc::new(App {
            accounts: Accounts::open(&config)?,
            pricing: Pricing::new(&config.prices, clock.clone()),
            keys: config.trust.keys(),
            cors: CorsPolicy::new(&config.site),
            security_headers: SecurityHeaders::of(config.site.environment),
            lifetimes: config.lifetimes.table(),
            counts: Counts::default(),
            cache,
            limiter: Limiter::start(&config),
            rate_headers: RateHeaders::of_requests(config.rate.limits()),
            first_page: FirstPage::default(),
            uptime: Stopwatch::start(),
            system: Mutex::new(System::new().ok()),
            sources: Sources::new(&config.source_specs, addresses),
            scheduler: SchedulerStatus::default(),
            events: EventsStatus::default(),
            config,
            store,
            clock,
        })))
    }
}

impl std::ops::Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl Counts {
    /// Counts one answer.
    pub fn add(&self, status: u16) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if status >= 500 {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests, and those of them that failed on our side.
    pub fn get(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.errors.load(Ordering::Relaxed))
    }
}
