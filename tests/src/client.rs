//! A small HTTP/1.1 client over one socket per request. It shows answers as they came, header by header, and sends
//! what no well-behaved client would; every wait has a limit.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::net::{AddressFamily, SocketType};

mod answer;

pub use answer::Answer;

/// No answer of the system takes longer, not even one that waits for a stopped origin.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks one server.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
}

/// A request that is being put together.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `send`"]
pub struct Request {
    address: SocketAddr,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Client {
    /// For `http://ADDRESS:PORT`.
    ///
    /// # Errors
    /// When `url` has another form.
    pub fn new(url: impl AsRef<str>) -> Result<Self> {
        let url = url.as_ref();
        let address = url.strip_prefix("http://").with_context(|| format!("{url} is not http"))?;
        Ok(Self { address: address.parse().with_context(|| format!("{url} has no address and port"))? })
    }

    /// A request of any method.
    pub fn request(&self, method: &str, target: &str) -> Request {
        Request {
            address: self.address,
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// GET.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn get(&self, target: &str) -> Result<Answer> {
        self.request("GET", target).send()
    }

    /// POST of JSON.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn post_json(&self, target: &str, body: impl Into<Vec<u8>>) -> Result<Answer> {
        self.request("POST", target).header("content-type", "application/json").body(body).send()
    }

    /// Opens a connection for bytes of one's own.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(&self) -> Result<TcpStream> {
        connect(self.address)
    }

    /// A connection from this local address, as if from another machine.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect_from(&self, local: Ipv4Addr) -> Result<TcpStream> {
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
        rustix::net::bind(&socket, &SocketAddr::from((local, 0)))?;
        rustix::net::connect(&socket, &self.address)?;
        prepared(socket.into())
    }

    /// Sends bytes as they are and reads one answer.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn send_raw(&self, bytes: &[u8]) -> Result<Answer> {
        let mut stream = self.connect()?;
        // A server may answer and close before it has read all; what it said is still there to read.
        let written = stream.write_all(bytes);
        Answer::read(&mut stream, true)
            .with_context(|| format!("after sending {} bytes: {written:?}", bytes.len()))
    }
}

impl Request {
    /// Adds a header; the same name may be added twice.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changes the value of a header that was added.
    pub fn changed(mut self, name: &str, change: impl Fn(&str) -> String) -> Self {
        for (_, value) in self.headers.iter_mut().filter(|(given, _)| given == name) {
            *value = change(value);
        }
        self
    }

    /// The same request for another server.
    pub fn to(mut self, client: &Client) -> Self {
        self.address = client.address;
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn send(&self) -> Result<Answer> {
        let mut stream = connect(self.address)?;
        // As in `send_raw`: a refusal may come before the body is read.
        let written = stream.write_all(&self.to_bytes());
        Answer::read(&mut stream, self.method != "HEAD")
            .with_context(|| format!("{} {} was sent ({written:?})", self.method, self.target))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let length = self.body.as_ref().map(|body| ("content-length", body.len().to_string()));
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.clone())).chain(length);
        let lines: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (method, target, address) = (&self.method, &self.target, self.address);
        let start = format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        let body = self.body.as_deref().unwrap_or_default();
        [start.as_bytes(), lines.concat().as_bytes(), b"\r\n", body].concat()
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))
        .with_context(|| format!("nobody listens on {address}"))?;
    prepared(stream)
}

fn prepared(stream: TcpStream) -> Result<TcpStream> {
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::TcpListener;

    /// A server that reads one request's head and answers with these bytes.
    fn server(answer: &'static [u8]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                seen.push(byte[0]);
            }
            stream.write_all(answer).unwrap();
        });
        Client { address }
    }

    #[test]
    fn a_chunked_body_is_put_together() {
        let client = server(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n",
        );
        let answer = client.get("/").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"abcde"[..]));
    }

    #[test]
    fn an_answer_that_ends_early_is_no_answer() {
        assert!(server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").get("/").is_err());
        assert!(server(b"").get("/").is_err());
    }

    #[test]
    fn names_are_lower_case_and_repeated_ones_are_kept() {
        let answer = server(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: 2\r\n\r\n").get("/").unwrap();
        assert_eq!(answer.headers, [("x-a".to_owned(), "1".to_owned()), ("x-a".to_owned(), "2".to_owned())]);
    }
}
