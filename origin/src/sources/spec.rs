//! What a source is, as its file declares it.

use super::template::Template;
use http::{HeaderName, HeaderValue};
use std::{path::PathBuf, time::Duration};
use valora_shared::{money::Paise, prices::Confidence};

/// One source of prices.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// Its name, which observations carry.
    pub name: String,
    /// How far it is believed.
    pub confidence: Confidence,
    /// Added to every price it names.
    pub shipping: Paise,
    /// How it is asked.
    pub kind: SourceKind,
    /// How often the scheduler may ask it about one product; `None` for a source that only requests ask. The default
    /// leaves it to the scheduler.
    pub poll_every: Option<Duration>,
}

/// How a source is asked.
#[derive(Debug, Clone)]
pub enum SourceKind {
    /// A page or document of its own for each product.
    Http(HttpSpec),
    /// A file with one price a line.
    Csv {
        /// Where it is.
        file: PathBuf,
        /// The column with the price.
        price_column: String,
    },
    /// Not asked: it tells by itself.
    Push,
}

/// Where and how to fetch.
#[derive(Debug, Clone)]
pub struct HttpSpec {
    /// The URL of a product.
    pub url: Template,
    /// Sent to the URL's own host alone; values from the environment are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// For the whole exchange, redirects included.
    pub timeout: Duration,
    /// Requests to its host at once; of several sources at one host, the smallest counts.
    pub concurrency: usize,
    /// Where in the answer the price is.
    pub place: Place,
}

/// Where in an answer the price is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A JSON pointer (RFC 6901).
    Json(String),
    /// The first element that a CSS selector finds.
    Html {
        /// The selector, known to be one.
        selector: String,
        /// This attribute of it instead of its text.
        attribute: Option<String>,
    },
}

impl SourceKind {
    /// As the file and observations name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Http(HttpSpec { place: Place::Json(_), .. }) => "http-json",
            Self::Http(HttpSpec { place: Place::Html { .. }, .. }) => "http-html",
            Self::Csv { .. } => crate::store::observations::KIND_CSV,
            Self::Push => "push",
        }
    }
}
