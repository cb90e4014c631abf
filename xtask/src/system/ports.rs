//! Ports: free ones, and a clear word about those that are not.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};

/// Ports handed out in this process: tests run side by side, and a port is bound only some time after it was
/// chosen.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// Where they are looked for: below those that Linux gives to outgoing connections (from 32768 on), of which a load test
/// makes thousands while a port that was chosen is not yet bound.
const FIRST: u16 = 10_000;
const END: u16 = 32_000;

/// `count` consecutive ports from `first` on; 0 picks any.
///
/// # Errors
/// Names the port that is busy.
pub fn consecutive(first: u16, count: u16) -> Result<Vec<u16>> {
    if first == 0 {
        return any(count);
    }
    let last = first.checked_add(count.saturating_sub(1)).context("the ports end at 65535")?;
    for port in first..=last {
        if !is_free(port) {
            bail!(
                "port {port} is in use: end what listens there (ours: `cargo xtask down` after `up`, Ctrl-C in \
                 `dev`), or choose another with --edge-port or --origin-port"
            );
        }
    }
    Ok((first..=last).collect())
}

fn any(count: u16) -> Result<Vec<u16>> {
    let mut given = GIVEN.lock().map_err(|_| anyhow::anyhow!("a thread died while it chose a port"))?;
    let given = given.get_or_insert_default();
    // Where to begin differs between processes, which know nothing of one another's ports.
    let begin = RandomState::new().hash_one(std::process::id()) % u64::from(END - FIRST);
    let begin = FIRST + u16::try_from(begin)?;
    for first in (begin..END).chain(FIRST..begin) {
        let last = first.saturating_add(count.saturating_sub(1));
        if (first..=last).all(|port| !given.contains(&port) && is_free(port)) {
            given.extend(first..=last);
            return Ok((first..=last).collect());
        }
    }
    bail!("no {count} consecutive free ports were found")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_named() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("some port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let error = consecutive(port, 1).expect_err("it is busy").to_string();
        assert!(error.contains(&format!("port {port} is in use")), "{error}");
    }

    #[test]
    fn no_port_is_given_twice() {
        let mut ports: Vec<u16> = (0..8).flat_map(|_| consecutive(0, 3).expect("free ports")).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 24);
        assert!(ports.iter().all(|port| (FIRST..END + 3).contains(port)), "{ports:?}");
    }
}
