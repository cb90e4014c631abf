//! One question to a source over HTTP, and what came back.

use super::{addresses::Addresses, failure::Failure, spec::HttpSpec};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION},
};
use reqwest::{Client, Response, Url, redirect::Policy};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};

/// What proves that an answer is still the same (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub(super) enum Fetched {
    /// What was known still holds.
    NotModified,
    /// A document.
    Document { body: Vec<u8>, content_type: Option<String>, validators: Validators },
}

/// A product page with everything in it has some 1 to 2 MiB (design: prices.md).
pub(super) const MAX_BODY_BYTES: usize = 4 << 20;
/// A shop's redirects to its canonical page are one or two.
const MAX_HOPS: usize = 5;
/// How long a question waits for its host's other questions: about as long as an edge waits for an answer.
const MAX_WAIT: Duration = Duration::from_secs(8);
/// A validator longer than this is not kept.
const MAX_VALIDATOR_BYTES: usize = 512;

/// One source's client.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Result<Client, String>,
    addresses: Addresses,
    /// Shared by all sources of one host.
    permits: Arc<Semaphore>,
}

impl Fetcher {
    pub(super) fn new(spec: &HttpSpec, addresses: Addresses, permits: Arc<Semaphore>) -> Self {
        // Building a client panics without a provider; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("valora-origin/", env!("CARGO_PKG_VERSION")))
            // A proxy would connect where we cannot look at addresses; redirects are followed here, hop by hop.
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(addresses.clone()))
            .pool_max_idle_per_host(spec.concurrency)
            .build()
            .map_err(|error| error.to_string());
        Self { client, addresses, permits }
    }

    /// Asks `url`, with `known` as the condition.
    pub(super) async fn fetch(
        &self,
        spec: &HttpSpec,
        url: Url,
        known: Option<&Validators>,
    ) -> Result<Fetched, Failure> {
        let client = self.client.as_ref().map_err(|cause| Failure::Client(cause.clone()))?;
        let waiting = timeout(MAX_WAIT, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = waiting else { return Err(Failure::Busy) };
        let exchange = self.exchange(client, spec, url, known);
        timeout(spec.timeout, exchange).await.unwrap_or(Err(Failure::Timeout(spec.timeout.as_millis())))
    }

    async fn exchange(
        &self,
        client: &Client,
        spec: &HttpSpec,
        first: Url,
        known: Option<&Validators>,
    ) -> Result<Fetched, Failure> {
        let mut url = first.clone();
        for _ in 0..=MAX_HOPS {
            self.addresses.check_url(&url)?;
            let mut request = client.get(url.clone());
            // Secrets and conditions are for the host they were made for.
            if url.origin() == first.origin() {
                request = request.headers(headers(spec, known));
            }
            let response = request.send().await?;
            match response.status() {
                StatusCode::NOT_MODIFIED if known.is_some() => return Ok(Fetched::NotModified),
                StatusCode::NOT_MODIFIED => return Err(Failure::NotModified),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => url = next(&url, response.headers())?,
                status if status == StatusCode::OK => return document(response).await,
                status => return Err(Failure::Status(status.as_u16())),
            }
        }
        Err(Failure::Redirect)
    }
}

fn headers(spec: &HttpSpec, known: Option<&Validators>) -> HeaderMap {
    let mut headers: HeaderMap = spec.headers.iter().cloned().collect();
    let mut set = |name, value: Option<&String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    };
    set(IF_NONE_MATCH, known.and_then(|known| known.etag.as_ref()));
    set(IF_MODIFIED_SINCE, known.and_then(|known| known.last_modified.as_ref()));
    headers
}

/// Where a redirect leads; never from https to http, where anybody on the way could answer.
fn next(from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok()).ok_or(Failure::Redirect)?;
    let to = from.join(location).map_err(|_| Failure::Redirect)?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        _ => Err(Failure::Redirect),
    }
}

async fn document(mut response: Response) -> Result<Fetched, Failure> {
    let text = |name| -> Option<String> { Some(response.headers().get(name)?.to_str().ok()?.to_owned()) };
    let validator = |name| text(name).filter(|value| value.len() <= MAX_VALIDATOR_BYTES);
    let content_type = text(CONTENT_TYPE);
    let validators = Validators { etag: validator(ETAG), last_modified: validator(LAST_MODIFIED) };
    let is_too_large = |bytes: u64| bytes > MAX_BODY_BYTES as u64;
    if response.content_length().is_some_and(is_too_large) {
        return Err(Failure::TooLarge(MAX_BODY_BYTES));
    }
    // Counted while it comes: a length that is declared is only a promise.
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(Failure::TooLarge(MAX_BODY_BYTES));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched::Document { body, content_type, validators })
}
