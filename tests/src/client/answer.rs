//! Reading an answer off a socket.

use std::io::Read;
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// More headers than any answer of the system has.
const MAX_HEADERS: usize = 100;

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All fields in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, its chunks put together.
    pub body: Vec<u8>,
}

struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    bytes: usize,
}

impl Answer {
    /// Reads one answer; `has_body` is false after HEAD.
    pub(super) fn read(stream: &mut impl Read, has_body: bool) -> Result<Self> {
        let mut received = Vec::new();
        loop {
            let head = read_head(stream, &mut received)?;
            let rest = received.split_off(head.bytes);
            if head.status >= 200 {
                let body = if has_body && !matches!(head.status, 204 | 304) {
                    read_body(stream, &head, rest)?
                } else {
                    Vec::new()
                };
                return Ok(Self { status: head.status, headers: head.headers, body });
            }
            // 100 Continue and the like: the answer comes behind it.
            received = rest;
        }
    }

    /// Reads the answer to a request that was written to this connection by hand.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn read_from(mut stream: TcpStream) -> Result<Self> {
        Self::read(&mut stream, true)
    }

    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, strange bytes replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none; the message shows it.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("no JSON: {}", self.shown()))
    }

    /// Status and body for messages.
    pub fn shown(&self) -> String {
        let text = self.text();
        let start: String = text.chars().take(600).collect();
        format!("{} {start}", self.status)
    }
}

fn read_head(stream: &mut impl Read, received: &mut Vec<u8>) -> Result<Head> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut fields);
        if let httparse::Status::Complete(bytes) = parsed.parse(received)? {
            let headers = parsed.headers.iter().map(|field| {
                (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).into_owned())
            });
            let status = parsed.code.context("an answer without a status")?;
            return Ok(Head { status, headers: headers.collect(), bytes });
        }
        if read_more(stream, received)? == 0 {
            bail!("the connection was closed after {} bytes of the head", received.len());
        }
    }
}

fn read_body(stream: &mut impl Read, head: &Head, mut received: Vec<u8>) -> Result<Vec<u8>> {
    let field =
        |name: &str| head.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    if field("transfer-encoding") == Some("chunked") {
        return read_chunks(stream, received);
    }
    if let Some(length) = field("content-length") {
        let length: usize = length.parse().context("a content-length that is no number")?;
        fill(stream, &mut received, length)?;
        received.truncate(length);
        return Ok(received);
    }
    while read_more(stream, &mut received)? > 0 {}
    Ok(received)
}

fn read_chunks(stream: &mut impl Read, mut received: Vec<u8>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(&received).map_err(|_| anyhow::anyhow!("a broken chunk"))? {
            httparse::Status::Complete((start, size)) => {
                let end = start + usize::try_from(size)?;
                fill(stream, &mut received, end + 2)?;
                body.extend_from_slice(received.get(start..end).unwrap_or_default());
                received.drain(..end + 2);
                if size == 0 {
                    return Ok(body);
                }
            }
            httparse::Status::Partial => {
                if read_more(stream, &mut received)? == 0 {
                    bail!("the connection was closed between chunks");
                }
            }
        }
    }
}

fn fill(stream: &mut impl Read, received: &mut Vec<u8>, length: usize) -> Result<()> {
    while received.len() < length {
        if read_more(stream, received)? == 0 {
            bail!("the connection was closed after {} of {length} bytes", received.len());
        }
    }
    Ok(())
}

fn read_more(stream: &mut impl Read, received: &mut Vec<u8>) -> Result<usize> {
    let mut part = [0; 16 * 1024];
    let count = stream.read(&mut part).context("no answer came in time")?;
    received.extend_from_slice(part.get(..count).unwrap_or_default());
    Ok(count)
}
