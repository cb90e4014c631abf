//! An edge that takes events over real HTTP, checks their signature, and misbehaves when told to.

use axum::{Router, body::Bytes, extract::State, response::IntoResponse, routing::post};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::runtime::Runtime;
use valora_shared::{
    config::Setting,
    events::{Event, EventBody, PATH, parse},
    id::CorrelationId,
    trust::{KeyRing, Message, Profile, SharedSecret, verify},
};

use crate::support::START;

pub(crate) const SECRET: &str = "5d8a1c7e2b40f938c1f0a7d2b9e4f603";

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Good,
    /// Takes nothing: 503.
    Failing,
    /// Takes all and says nothing that can be read.
    Garbage,
    /// Takes all and names only the first.
    First,
    /// Takes all and never answers.
    Silent,
    /// Refuses purges.
    NoPurges,
    /// 413 for more than three.
    Small,
    /// 413 for any purge of `product:poison`.
    Choking,
}

#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) deliveries: Vec<Vec<Event>>,
    manner: Manner,
    nonces: Vec<String>,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Seen>>,
    runtime: Option<Runtime>,
}

impl Receiver {
    pub(crate) fn open(manner: Manner) -> Self {
        let seen = Arc::new(Mutex::new(Seen { deliveries: Vec::new(), manner, nonces: Vec::new() }));
        let address = ([127, 0, 0, 1], 0).into();
        let mut receiver = Self { address, seen, runtime: None };
        receiver.start();
        receiver
    }

    /// Opens it again, at the same address.
    pub(crate) fn start(&mut self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let router = Router::new().route(PATH, post(take)).with_state(Arc::clone(&self.seen));
        let mut bound = std::net::TcpListener::bind(self.address);
        for _ in 0..500 {
            if bound.is_ok() {
                break;
            }
            // Somebody's outgoing connection may have the port for a moment.
            std::thread::sleep(Duration::from_millis(10));
            bound = std::net::TcpListener::bind(self.address);
        }
        let listener = bound.unwrap();
        listener.set_nonblocking(true).unwrap();
        self.address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        self.runtime = Some(runtime);
    }

    /// As `kill -9` does: connections break wherever they are.
    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // On a thread of its own: it waits until the listener is really closed.
            std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(5))).join().unwrap();
        }
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.seen.lock().unwrap().manner = manner;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.seen.lock().unwrap().deliveries.iter().flatten().cloned().collect()
    }

    pub(crate) fn deliveries(&self) -> usize {
        self.seen.lock().unwrap().deliveries.len()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn take(
    State(seen): State<Arc<Mutex<Seen>>>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let keys = KeyRing { current: SharedSecret::parse(SECRET).unwrap(), previous: None };
    let id = CorrelationId::parse(text("x-correlation-id").unwrap()).unwrap();
    let message = Message {
        method: "POST",
        path: PATH,
        query: "",
        client: None,
        correlation_id: &id,
        body: Some(&body),
    };
    let (input, signature) = (text("signature-input"), text("signature"));
    let verified = verify(Profile::OriginToEdge, &message, input, signature, &keys, START.0 / 1_000);
    let nonce = verified.unwrap().nonce.unwrap().as_str().to_owned();
    let read = parse(std::str::from_utf8(&body).unwrap()).unwrap();
    let events: Vec<Event> = read.into_iter().map(Result::unwrap).collect();
    let manner = {
        let mut seen = seen.lock().unwrap();
        assert!(!seen.nonces.contains(&nonce), "a nonce is new in every attempt");
        seen.nonces.push(nonce);
        if seen.manner != Manner::Failing {
            seen.deliveries.push(events.clone());
        }
        seen.manner
    };
    let is_purge = |event: &&Event| matches!(event.body, EventBody::Purge(_));
    let is_poison =
        |event: &Event| matches!(&event.body, EventBody::Purge(purge) if purge.tags[0] == "product:poison");
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    match manner {
        Manner::Failing => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Manner::Garbage => return "thanks".into_response(),
        Manner::Silent => tokio::time::sleep(Duration::from_mins(1)).await,
        Manner::Small if events.len() > 3 => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Manner::Choking if events.iter().any(is_poison) => {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        }
        Manner::First => done.extend(events.iter().take(1).map(|event| event.id.clone())),
        Manner::NoPurges => {
            done.extend(events.iter().filter(|event| !is_purge(event)).map(|event| event.id.clone()));
            refused
                .extend(events.iter().filter(is_purge).map(|event| json!({"id": event.id, "error": "no"})));
        }
        _ => done.extend(events.iter().map(|event| event.id.clone())),
    }
    axum::Json(json!({"done": done, "refused": refused, "epoch": 1})).into_response()
}
