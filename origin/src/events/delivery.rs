//! One delivery: a signed POST, and what became of it.

use crate::{
    clock::{Clock, random_id},
    config::OriginConfig,
};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, redirect::Policy};
use std::time::Duration;
use valora_shared::{
    events::{Event, PATH, Receipt, to_json},
    http::names::{CONTENT_DIGEST, CORRELATION_ID, SIGNATURE, SIGNATURE_INPUT},
    id::CorrelationId,
    trust::{KeyRing, Message, Nonce, Profile, sign},
};

/// Sends to one edge.
#[derive(Debug)]
pub(super) struct Delivery {
    client: Client,
    url: String,
    keys: KeyRing,
    clock: Clock,
}

/// What became of a delivery.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The edge answered for its events.
    Taken(Receipt),
    /// The edge does not take the whole of it, and never will.
    Rejected(String),
    /// It may be taken another time.
    Failed { cause: String, retry_after: Option<Duration> },
}

/// The edge takes milliseconds for an event; well under the time that a claim lasts.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Five hundred ids with reasons for each.
const MAX_RECEIPT_BYTES: usize = 1 << 20;

impl Delivery {
    /// None where there is no edge to tell.
    pub(super) fn new(config: &OriginConfig, clock: Clock) -> Option<Self> {
        let edge = config.events.edge_url.as_ref()?;
        let keys = config.trust.keys()?;
        // Building a client panics without a provider; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let built = Client::builder()
            .user_agent(concat!("valora-origin/", env!("CARGO_PKG_VERSION")))
            // What is signed is for the edge alone.
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .timeout(TIMEOUT)
            .build();
        match built {
            Ok(client) => Some(Self { client, url: format!("{}{PATH}", edge.as_str()), keys, clock }),
            Err(error) => {
                tracing::error!(error.cause = %error, "no HTTP client: events cannot be sent");
                None
            }
        }
    }

    pub(super) async fn send(&self, events: &[Event]) -> Outcome {
        match self.exchange(events).await {
            Ok(outcome) => outcome,
            Err(cause) => Outcome::Failed { cause, retry_after: None },
        }
    }

    async fn exchange(&self, events: &[Event]) -> Result<Outcome, String> {
        let body = to_json(events).map_err(|error| error.to_string())?;
        let id = CorrelationId::accept(None, random_id);
        let nonce = Nonce::parse(&random_id()).map_err(|error| error.to_string())?;
        let message = Message {
            method: "POST",
            path: PATH,
            query: "",
            client: None,
            correlation_id: &id,
            body: Some(body.as_bytes()),
        };
        let created = self.clock.now().0.div_euclid(1_000);
        let signed = sign(Profile::OriginToEdge, &message, &self.keys, created, Some(&nonce));
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(CORRELATION_ID, id.as_str())
            .header(CONTENT_DIGEST, signed.content_digest.unwrap_or_default())
            .header(SIGNATURE_INPUT, signed.signature_input)
            .header(SIGNATURE, signed.signature)
            .body(body);
        let response = request.send().await.map_err(|error| causes(&error))?;
        let status = response.status().as_u16();
        match status {
            200 => Ok(Outcome::Taken(receipt(response).await?)),
            400 | 413 | 422 => Ok(Outcome::Rejected(format!("the edge answered {status}"))),
            _ => {
                let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
                Ok(Outcome::Failed { cause: format!("the edge answered {status}"), retry_after })
            }
        }
    }
}

async fn receipt(mut response: Response) -> Result<Receipt, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| causes(&error))? {
        if body.len() + chunk.len() > MAX_RECEIPT_BYTES {
            return Err("the edge's receipt is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|error| format!("the edge's receipt cannot be read: {error}"))
}

/// The error with what it came from, which alone says why; it holds the edge's address and no secret.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
