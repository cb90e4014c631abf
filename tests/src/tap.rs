//! Stands between an origin and its edge and keeps what was delivered and what became of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::client::Client;

/// A proxy for one request a connection; a target that dies in the middle costs its client the connection.
#[derive(Debug, Clone)]
pub struct Tap {
    address: SocketAddr,
    passed: Arc<Mutex<Vec<Passed>>>,
}

/// One exchange that got an answer.
#[derive(Debug, Clone)]
pub struct Passed {
    /// What was sent.
    pub body: String,
    /// The answer's status.
    pub status: u16,
    /// The answer.
    pub answer: String,
}

impl Tap {
    /// Between clients and `http://ADDRESS:PORT`, which need not listen yet.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let tap = Self { address: listener.local_addr()?, passed: Arc::default() };
        let edge = Client::new(format!("http://{target}"))?;
        let passed = Arc::clone(&tap.passed);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (edge, passed) = (edge.clone(), Arc::clone(&passed));
                // Nobody to tell: the client sees that its connection has ended.
                std::thread::spawn(move || pass(client, &edge, &passed));
            }
        });
        Ok(tap)
    }

    /// Its own address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All exchanges so far, in the order of their answers.
    pub fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn pass(client: TcpStream, edge: &Client, passed: &Mutex<Vec<Passed>>) -> Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = words.next().zip(words.next()).context("no request line")?;
    let mut request = edge.request(method, target);
    let mut length = 0;
    loop {
        let mut field = String::new();
        reader.read_line(&mut field)?;
        let Some((name, value)) = field.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "host" | "connection" => {}
            name => request = request.header(name, value.trim()),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let answer = request.body(body.clone()).send()?;
    passed.lock().unwrap_or_else(PoisonError::into_inner).push(Passed {
        body: String::from_utf8(body)?,
        status: answer.status,
        answer: answer.text(),
    });
    let (status, length) = (answer.status, answer.body.len());
    let head = format!(
        "HTTP/1.1 {status} Passed\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut client = client;
    client.write_all(&[head.as_bytes(), &answer.body].concat())?;
    Ok(())
}
