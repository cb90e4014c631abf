//! Where prices come from: sources that the sources file declares, asked one product at a time.
//!
//! A source that fails, in whatever way, is left out, counted and asked again later; the others go on. Nothing here
//! touches the database: [`crate::asking`] brings what is known and keeps what was told.

mod addresses;
mod extract;
mod failure;
mod fetch;
mod fields;
mod file;
mod list;
mod spec;
mod template;

pub use addresses::{Addresses, Lookup, SystemLookup};
pub use failure::Failure;
pub use fetch::Validators;
pub use fields::FileFault;
pub use file::parse;
pub use spec::{HttpSpec, Place, SourceKind, SourceSpec};
pub use template::Template;

use crate::store::{products::StoredProduct, source_states::SourceState};
use fetch::{Fetched, Fetcher};
use list::PriceList;
use reqwest::Url;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Semaphore;
use valora_shared::money::Paise;

/// All sources.
#[derive(Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

/// One source, ready to be asked.
#[derive(Debug)]
pub struct Source {
    /// What it is.
    pub spec: SourceSpec,
    /// How it did since the start.
    pub counts: SourceCounts,
    reach: Reach,
    parsers: Arc<Semaphore>,
}

/// How often a source was asked, and what came of it.
#[derive(Debug, Default)]
pub struct SourceCounts {
    asked: AtomicU64,
    told: AtomicU64,
    unchanged: AtomicU64,
    failed: AtomicU64,
}

#[derive(Debug)]
enum Reach {
    Http(Fetcher),
    List(PriceList),
    Push,
}

/// What a source said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A price, shipping included, and what proves it unchanged next time.
    Price(Paise, Validators),
    /// The price it told last still holds.
    Unchanged(Paise),
    /// It has no price for this product.
    Nothing,
}

/// Parsing a page takes one core for milliseconds; more at once would only take the cores from requests.
const PARSERS: usize = 2;

impl Sources {
    /// Gets ready to ask `specs`.
    pub fn new(specs: &[SourceSpec], addresses: &Addresses) -> Self {
        let mut at_once: HashMap<&str, usize> = HashMap::new();
        for spec in specs {
            if let SourceKind::Http(http) = &spec.kind {
                let least = at_once.entry(http.url.host()).or_insert(http.concurrency);
                *least = http.concurrency.min(*least);
            }
        }
        let permits: HashMap<&str, Arc<Semaphore>> =
            at_once.into_iter().map(|(host, count)| (host, Arc::new(Semaphore::new(count)))).collect();
        let parsers = Arc::new(Semaphore::new(PARSERS));
        let all = specs.iter().map(|spec| {
            let reach = match &spec.kind {
                SourceKind::Http(http) => {
                    let permits = permits.get(http.url.host()).cloned();
                    let permits = permits.unwrap_or_else(|| Arc::new(Semaphore::new(http.concurrency)));
                    Reach::Http(Fetcher::new(http, addresses.clone(), permits))
                }
                SourceKind::Csv { file, price_column } => Reach::List(PriceList::new(file, price_column)),
                SourceKind::Push => Reach::Push,
            };
            Source {
                spec: spec.clone(),
                counts: SourceCounts::default(),
                reach,
                parsers: Arc::clone(&parsers),
            }
        });
        Self { all: all.collect() }
    }

    /// Each source, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter()
    }

    /// The source of this name.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.all.iter().find(|source| source.spec.name == name)
    }

    /// Whether any is asked over the network.
    pub fn any_http(&self) -> bool {
        self.all.iter().any(|source| matches!(source.reach, Reach::Http(_)))
    }

    /// Those that can be asked about `product`.
    pub fn applicable(&self, product: &StoredProduct) -> impl Iterator<Item = &Source> {
        self.all.iter().filter(|source| source.applies(product))
    }
}

impl Source {
    fn applies(&self, product: &StoredProduct) -> bool {
        match &self.reach {
            Reach::Http(_) => self.url(product).is_some(),
            Reach::List(_) => true,
            Reach::Push => false,
        }
    }

    /// What it is asked for `product`.
    pub fn url(&self, product: &StoredProduct) -> Option<Url> {
        match &self.spec.kind {
            SourceKind::Http(http) => http.url.fill(product),
            _ => None,
        }
    }

    /// Asks about `product`; `known` is what it told last.
    ///
    /// # Errors
    /// [`Failure`]; counted.
    pub async fn ask(&self, product: &StoredProduct, known: Option<&SourceState>) -> Result<Said, Failure> {
        self.counts.asked.fetch_add(1, Ordering::Relaxed);
        let said = self.answer(product, known).await;
        let count = match &said {
            Ok(Said::Price(..) | Said::Nothing) => &self.counts.told,
            Ok(Said::Unchanged(_)) => &self.counts.unchanged,
            Err(_) => &self.counts.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
        said
    }

    async fn answer(&self, product: &StoredProduct, known: Option<&SourceState>) -> Result<Said, Failure> {
        match (&self.reach, &self.spec.kind) {
            (Reach::Http(fetcher), SourceKind::Http(spec)) => {
                let Some(url) = spec.url.fill(product) else { return Ok(Said::Nothing) };
                // A condition is about one URL, and worth sending only while its price is known.
                let known = known.filter(|known| known.url.as_deref() == Some(url.as_str()));
                let known = known.and_then(|known| Some((known.paise?, known.validators())));
                let document =
                    fetcher.fetch(spec, url, known.as_ref().map(|(_, validators)| validators)).await?;
                let (body, content_type, validators) = match (document, known) {
                    (Fetched::NotModified, Some((paise, _))) => return Ok(Said::Unchanged(paise)),
                    (Fetched::NotModified, None) => return Err(Failure::NotModified),
                    (Fetched::Document { body, content_type, validators }, _) => {
                        (body, content_type, validators)
                    }
                };
                let paise = self.parse(spec.place.clone(), body, content_type).await?;
                Ok(Said::Price(self.with_shipping(paise), validators))
            }
            (Reach::List(list), _) => Ok(match list.price(&product.product_id).await? {
                Some(paise) => Said::Price(self.with_shipping(paise), Validators::default()),
                None => Said::Nothing,
            }),
            _ => Ok(Said::Nothing),
        }
    }

    /// Off the async threads: a page of 4 MiB is a tenth of a second's work.
    async fn parse(
        &self,
        place: Place,
        body: Vec<u8>,
        content_type: Option<String>,
    ) -> Result<Paise, Failure> {
        let _permit = self.parsers.acquire().await.map_err(|_| Failure::Busy)?;
        let parsing = move || extract::price(&place, &body, content_type.as_deref());
        tokio::task::spawn_blocking(parsing).await.map_err(|error| Failure::Client(error.to_string()))?
    }

    fn with_shipping(&self, paise: Paise) -> Paise {
        Paise(paise.0 + self.spec.shipping.0)
    }
}

impl SourceCounts {
    /// Asked, told something, told that nothing changed, failed.
    pub fn get(&self) -> [u64; 4] {
        [&self.asked, &self.told, &self.unchanged, &self.failed].map(|count| count.load(Ordering::Relaxed))
    }
}
