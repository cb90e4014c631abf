//! Asking a service whether it answers, with no HTTP client but a socket.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{Service, logs};

/// Waits until `GET /api/health` on the port is answered with a status that `accepts`.
pub(super) fn wait(
    port: u16,
    service: &mut Service,
    limit: Duration,
    accepts: impl Fn(u16) -> bool,
) -> Result<()> {
    let end = Instant::now() + limit;
    let mut last = None;
    while Instant::now() < end {
        if service.has_ended() {
            bail!(
                "the {} has ended by itself; its log ends with:\n{}",
                service.name,
                logs::tail(&service.log)
            );
        }
        last = status(port).or(last);
        if last.is_some_and(&accepts) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let answer = last.map_or_else(|| "nothing".to_owned(), |status| format!("status {status}"));
    bail!(
        "the {} on port {port} answers {answer} after {} s; its log ends with:\n{}",
        service.name,
        limit.as_secs(),
        logs::tail(&service.log)
    )
}

/// The status of `GET /api/health` on a port of this machine.
pub fn status(port: u16) -> Option<u16> {
    let mut head = [0; 12];
    ask(port)?.read_exact(&mut head).ok()?;
    parse_status(&head)
}

/// The whole answer to it, head and body.
pub(super) fn answer(port: u16) -> Option<String> {
    let mut answer = String::new();
    ask(port)?.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn ask(port: u16) -> Option<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let request = format!("GET /api/health HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    Some(stream)
}

fn parse_status(head: &[u8; 12]) -> Option<u16> {
    std::str::from_utf8(head).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(parse_status(b"HTTP/1.1 200"), Some(200));
        assert_eq!(parse_status(b"SSH-2.0-Open"), None);
    }

    #[test]
    fn a_port_where_nobody_listens_has_no_status() {
        let port = super::super::ports::consecutive(0, 1).expect("a free port")[0];
        assert_eq!(status(port), None);
    }
}
