//! Deliveries of events as the origin signs them, and as somebody would who wants to pass for it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use valora_shared::config::Setting as _;
use valora_shared::id::CorrelationId;
use valora_shared::trust::{KeyRing, Message, Nonce, Profile, SharedSecret, sign};

use crate::client::{Client, Request};
use crate::running::Running;

/// Signs for the origin of one system.
#[derive(Debug, Clone)]
pub struct Deliveries {
    edge: Client,
    keys: KeyRing,
}

/// What is sent; the fields that a test may spoil.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The correlation id in the signature and in the header.
    pub id: String,
    /// `created`, seconds since 1970.
    pub created: i64,
    /// The nonce; another one for every delivery.
    pub nonce: String,
    /// Which way the signature says it goes.
    pub profile: Profile,
    /// The body.
    pub body: String,
}

impl Deliveries {
    /// To an isolate of a system, under the secret of its border.
    ///
    /// # Errors
    /// When the system has none.
    pub fn to(system: &Running, isolate: usize) -> Result<Self> {
        let secret = system.variable("EDGE_ORIGIN_SECRET").context("no secret")?;
        let current = SharedSecret::parse(secret).map_err(anyhow::Error::msg)?;
        Ok(Self { edge: system.isolate(isolate)?, keys: KeyRing { current, previous: None } })
    }

    /// A sound delivery of these events (each a JSON object), as a request.
    ///
    /// # Errors
    /// None in practice.
    pub fn of(&self, events: &[String]) -> Result<Request> {
        self.signed(&Delivery::of(events)?)
    }

    /// Any delivery with its signature.
    ///
    /// # Errors
    /// When its id or nonce has no valid form.
    pub fn signed(&self, delivery: &Delivery) -> Result<Request> {
        let id = CorrelationId::parse(&delivery.id)?;
        let body = delivery.body.as_bytes();
        let message = Message {
            method: "POST",
            path: "/internal/v1/events",
            query: "",
            client: None,
            correlation_id: &id,
            body: Some(body),
        };
        let nonce = Nonce::parse(&delivery.nonce)?;
        let signed = sign(delivery.profile, &message, &self.keys, delivery.created, Some(&nonce));
        let request = self.edge.request("POST", "/internal/v1/events").body(body);
        Ok(request
            .header("content-type", "application/json")
            .header("x-correlation-id", &delivery.id)
            .header("content-digest", &signed.content_digest.unwrap_or_default())
            .header("signature-input", &signed.signature_input)
            .header("signature", &signed.signature))
    }
}

impl Delivery {
    /// Of these events, made now.
    ///
    /// # Errors
    /// None in practice.
    pub fn of(events: &[String]) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let number = now.as_nanos();
        Ok(Self {
            id: format!("delivery-{number}"),
            created: i64::try_from(now.as_secs())?,
            nonce: format!("nonce-of-a-test-{number}"),
            profile: Profile::OriginToEdge,
            body: format!(r#"{{"v":1,"events":[{}]}}"#, events.join(",")),
        })
    }
}

/// A revocation of everything a subject has so far, with the id of the number.
///
/// # Errors
/// None in practice.
pub fn revocation(number: u32, subject: &str) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let id = event_id(number);
    Ok(format!(r#"{{"id":"{id}","kind":"revoke","subject":"{subject}","not_before_ms":{now}}}"#))
}

/// An audit entry, with the id of the number.
pub fn audit_entry(number: u32, who: &str) -> String {
    let id = event_id(number);
    format!(
        r#"{{"id":"{id}","kind":"audit","at_ms":1790000000000,"who":"{who}","what":"test","from":"here","result":"ok","correlation_id":null}}"#
    )
}

/// A ULID that differs by its number alone.
pub fn event_id(number: u32) -> String {
    format!("01ARZ3NDEKTSV4RR{number:010}")
}
