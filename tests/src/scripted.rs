//! An origin that does what a test tells it, as slowly as it is told, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Answers one request a connection until the process ends.
#[derive(Debug, Clone)]
pub struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query.
    pub target: String,
    /// All fields in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// How many requests with this target came before.
    pub before: usize,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// After so long.
    pub delay: Duration,
    /// Under this status.
    pub status: u16,
    /// With these fields beside Content-Length.
    pub headers: Vec<(String, String)>,
    /// With this body.
    pub body: Vec<u8>,
}

impl Scripted {
    /// Answers as `play` says.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(play: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let scripted = Self { address: listener.local_addr()?, asked: Arc::default() };
        let (asked, play) = (Arc::clone(&scripted.asked), Arc::new(play));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (asked, play) = (Arc::clone(&asked), Arc::clone(&play));
                // A client that has left hears nothing more; nobody else is concerned.
                std::thread::spawn(move || answer(client, &asked, &*play));
            }
        });
        Ok(scripted)
    }

    /// Its own address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far with this target.
    pub fn asked(&self, target: &str) -> Vec<Asked> {
        let all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|asked| asked.target == target).cloned().collect()
    }
}

impl Reply {
    /// A 200 that may be kept for ten minutes, at once.
    pub fn kept(body: impl Into<Vec<u8>>) -> Self {
        Self { delay: Duration::ZERO, status: 200, headers: Vec::new(), body: body.into() }
            .with("content-type", "application/json")
            .with("cdn-cache-control", "max-age=600, stale-if-error=86400")
    }

    /// Under another status.
    #[must_use]
    pub fn under(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// With one field more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Only after so many milliseconds.
    #[must_use]
    pub fn after(self, milliseconds: u64) -> Self {
        Self { delay: Duration::from_millis(milliseconds), ..self }
    }
}

fn answer(client: TcpStream, all: &Mutex<Vec<Asked>>, play: &dyn Fn(&Asked) -> Reply) -> Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).context("no request line")?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field)?;
        let Some((name, value)) = field.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let asked = {
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.iter().filter(|asked| asked.target == target).count();
        let asked = Asked { target, headers, before };
        all.push(asked.clone());
        asked
    };
    let reply = play(&asked);
    std::thread::sleep(reply.delay);
    let Reply { status, headers, body, .. } = reply;
    let fields: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (fields, length) = (fields.concat(), body.len());
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\n{fields}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut client = client;
    client.write_all(&[head.as_bytes(), &body].concat())?;
    Ok(())
}
