//! What the origin is compared with: a bare axum handler with the same bytes and headers, the same axum, hyper and
//! tokio settings, in a process of its own.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use axum::{Router, body::Body, response::Response, routing::get, serve::ListenerExt as _};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::process::Guarded;

/// The argument that makes this program serve.
pub(crate) const MODE: &str = "--bare-handler";

/// A running bare handler.
#[derive(Debug)]
pub(crate) struct Bare {
    /// Ends with this.
    pub(crate) process: Guarded,
    /// Its address.
    pub(crate) url: String,
}

impl Bare {
    /// Starts one that gives this answer, with its files in `folder`.
    pub(crate) fn start(headers: &[(String, String)], body: &[u8], folder: &Path) -> Result<Self> {
        let port = xtask::system::ports::consecutive(0, 1)?.first().copied().context("no free port")?;
        let answer = folder.join("bare.json");
        let text =
            serde_json::json!({ "port": port, "headers": headers, "body": String::from_utf8_lossy(body) });
        std::fs::write(&answer, text.to_string())?;
        let mut command = xtask::command::command(std::env::current_exe()?);
        let process = Guarded::spawn(command.arg(MODE).arg(answer))?;
        Ok(Self { process, url: format!("http://127.0.0.1:{port}") })
    }
}

/// Serves until our standard input closes.
pub(crate) fn serve(answer: &Path) -> Result<()> {
    let answer: Value = serde_json::from_slice(&std::fs::read(answer)?)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&answer))
}

async fn run(answer: &Value) -> Result<()> {
    let mut headers = HeaderMap::new();
    for pair in answer["headers"].as_array().into_iter().flatten() {
        let text = |index: usize| pair[index].as_str().unwrap_or_default();
        headers.append(HeaderName::try_from(text(0))?, HeaderValue::try_from(text(1))?);
    }
    let body = Bytes::from(answer["body"].as_str().unwrap_or_default().to_owned());
    let handler = move || {
        let mut response = Response::new(Body::from(body.clone()));
        *response.headers_mut() = headers.clone();
        std::future::ready(response)
    };
    let port = answer["port"].as_u64().context("no port")?;
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let listener = listener.tap_io(|connection| {
        // As the origin does.
        let _ = connection.set_nodelay(true);
    });
    // Closed when whoever started us is gone, however that came about.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    axum::serve(listener, Router::new().route("/api/products", get(handler))).await?;
    Ok(())
}
