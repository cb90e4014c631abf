//! A TCP proxy that remembers what the client of each connection sent: it stands where an eavesdropper would.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

/// Passes bytes on, both ways, until it is dropped with the process.
#[derive(Debug, Clone)]
pub struct Recorder {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    /// Between clients and `http://ADDRESS:PORT`, which need not listen yet.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let recorder = Self { address: listener.local_addr()?, sent: Arc::default() };
        let sent = Arc::clone(&recorder.sent);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A target that is away closes the client's connection, as it would itself.
                if let Ok(server) = TcpStream::connect(target) {
                    let _ = pass(client, server, &sent);
                }
            }
        });
        Ok(recorder)
    }

    /// Its own address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a connection sent that holds `part`.
    ///
    /// # Errors
    /// When none did.
    pub fn sent_with(&self, part: &str) -> Result<Vec<u8>> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let found = sent.iter().find(|bytes| String::from_utf8_lossy(bytes).contains(part));
        found.cloned().with_context(|| format!("nobody sent {part}"))
    }
}

fn pass(client: TcpStream, server: TcpStream, sent: &Arc<Mutex<Vec<Vec<u8>>>>) -> Result<()> {
    let index = {
        let mut all = sent.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Vec::new());
        all.len() - 1
    };
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let sent = Arc::clone(sent);
    std::thread::spawn(move || {
        copy(from_client, to_server, |bytes| {
            if let Some(all) = sent.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
                all.extend_from_slice(bytes);
            }
        });
    });
    std::thread::spawn(move || copy(server, client, |_| {}));
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&[u8])) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..count) else { break };
        see(bytes);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}
