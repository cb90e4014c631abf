//! Does this request come from the edge? (design: trust.md). Only then is it believed whom it speaks for.

use crate::{
    app::App,
    error::AppError,
    http::extract::read_whole,
    store::{StoreError, nonces},
};
use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http::HeaderMap;
use std::time::Duration;
use valora_shared::{
    http::names::{
        CLIENT, CONTENT_DIGEST, CORRELATION_ID, DEADLINE_MS, INTERNAL_PREFIX, SIGNATURE, SIGNATURE_INPUT,
    },
    id::CorrelationId,
    problem::{ErrorCode, Problem},
    trust::{Client, KeyRing, Message, Nonce, Profile, Refused, Verified, verify},
};

/// How a request crossed the border. An extension of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Border {
    /// Not, or not provably, through the edge: every protection of the origin's own applies.
    Direct,
    /// Signed by the edge, which has applied its protections already.
    Signed {
        /// Whom the edge recognised.
        client: Client,
        /// How much time the edge leaves us; nobody waits for the answer afterwards.
        deadline: Option<Duration>,
    },
}

impl Border {
    /// For the log.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Signed { .. } => "edge",
        }
    }
}

/// Looks for the edge's signature and takes away what only the edge may say.
///
/// # Errors
/// 401 for a signed change that was sent before; 413 and 400 for a body that cannot be read.
pub(super) async fn cross(app: &App, request: Request) -> Result<(Border, Request), AppError> {
    let (mut parts, body) = request.into_parts();
    let (border, body) = match &app.keys {
        Some(keys) if parts.headers.contains_key(SIGNATURE_INPUT) => {
            let bytes = read_whole(body, app.config.request.max_request_size.get()).await?;
            let border = recognise(app, keys, &parts, &bytes).await?;
            (border, Body::from(bytes))
        }
        _ => (Border::Direct, body),
    };
    drop_internal(&mut parts.headers);
    parts.extensions.insert(border.clone());
    Ok((border, Request::from_parts(parts, body)))
}

async fn recognise(
    app: &App,
    keys: &KeyRing,
    parts: &http::request::Parts,
    bytes: &Bytes,
) -> Result<Border, AppError> {
    match check(keys, parts, bytes, app.clock.now().0 / 1_000) {
        Err(refused) => {
            tracing::warn!(reason = %refused, "a signature is not valid; the request counts as direct");
            Ok(Border::Direct)
        }
        Ok((client, verified)) => {
            if let Some(nonce) = &verified.nonce
                && !spend(app, nonce).await?
            {
                let detail = "This signed request was received before.";
                return Err(Problem::new(ErrorCode::SignatureReplayed, detail).into());
            }
            let deadline = text(&parts.headers, DEADLINE_MS).and_then(|text| text.parse().ok());
            Ok(Border::Signed { client, deadline: deadline.map(Duration::from_millis) })
        }
    }
}

async fn spend(app: &App, nonce: &Nonce) -> Result<bool, StoreError> {
    let mut writing = app.store.write().await?;
    let is_first = nonces::spend(&mut writing, nonce, app.clock.now()).await?;
    writing.commit().await?;
    Ok(is_first)
}

fn check(
    keys: &KeyRing,
    parts: &http::request::Parts,
    bytes: &Bytes,
    now: i64,
) -> Result<(Client, Verified), Refused> {
    let headers = &parts.headers;
    let client = text(headers, CLIENT).and_then(|text| Client::parse(text).ok()).ok_or(Refused::Form)?;
    let id = text(headers, CORRELATION_ID).and_then(|text| CorrelationId::parse(text).ok());
    let id = id.ok_or(Refused::Form)?;
    // An empty body may be signed as such or not at all; one with bytes always is.
    let has_body = headers.contains_key(CONTENT_DIGEST) || !bytes.is_empty();
    let message = Message {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or(""),
        client: Some(&client),
        correlation_id: &id,
        body: has_body.then_some(bytes),
    };
    let (input, signature) = (text(headers, SIGNATURE_INPUT), text(headers, SIGNATURE));
    let verified = verify(Profile::EdgeToOrigin, &message, input, signature, keys, now)?;
    Ok((client, verified))
}

/// A field that stands there once and is text. Twice is not what the edge sends.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

/// Handlers ask the border, never these fields.
fn drop_internal(headers: &mut HeaderMap) {
    let ours: Vec<_> =
        headers.keys().filter(|name| name.as_str().starts_with(INTERNAL_PREFIX)).cloned().collect();
    for name in ours {
        headers.remove(name);
    }
}
