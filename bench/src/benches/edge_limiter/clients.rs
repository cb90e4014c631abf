//! Clients with addresses of their own, and how they ask.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use valora_tests::client::{Answer, Client};
use xtask::system::System;

/// The hot keys.
pub(super) const TARGETS: [&str; 5] = [
    "/api/products",
    "/api/categories",
    "/api/products?limit=10",
    "/api/products/1/price",
    "/api/prices?ids=1,2",
];
/// So many clients load their page at a time.
const PAGES_AT_A_TIME: u32 = 4;
/// So many threads keep the pace of many slow clients.
const PACERS: u32 = 8;

/// Clients of one network.
pub(super) struct Clients {
    edge: Client,
    /// The first two parts of their addresses.
    network: &'static str,
}

impl Clients {
    pub(super) fn new(system: &System, network: &'static str) -> Result<Self> {
        Ok(Self { edge: Client::new(system.edge_url(0))?, network })
    }

    /// So many clients ask so often together; each keeps to its pace.
    pub(super) fn busy(&self, clients: u32, per_second: u32, time: Duration) -> Result<u64> {
        let pace = Duration::from_secs(1) * clients / per_second;
        let begin = Instant::now();
        in_threads(clients, |number| {
            let mut sent = 0_u32;
            while begin.elapsed() < time {
                self.get(number, sent)?;
                sent += 1;
                std::thread::sleep((pace * sent).saturating_sub(begin.elapsed()));
            }
            Ok(u64::from(sent))
        })
    }

    /// Each of so many clients sends all requests of its page before it reads an answer.
    pub(super) fn pages(&self, clients: u32, requests: u32) -> Result<u64> {
        let next = AtomicU32::new(0);
        in_threads(PAGES_AT_A_TIME, |_| {
            let mut sent = 0;
            loop {
                let client = next.fetch_add(1, Ordering::Relaxed);
                if client >= clients {
                    return Ok(sent);
                }
                let asked: Vec<TcpStream> =
                    (0..requests).map(|number| self.begin(client, number)).collect::<Result<_>>()?;
                for stream in asked {
                    let answer = Answer::read_from(stream)?;
                    ensure!(answer.status == 200, "client {client}: {}", answer.shown());
                }
                sent += u64::from(requests);
            }
        })
    }

    /// So many requests of each client at equal distances, none of two clients at the same moment.
    pub(super) fn evenly(&self, clients: u32, requests: u32, time: Duration) -> Result<u64> {
        let begin = Instant::now();
        let all = clients * requests;
        in_threads(PACERS, |pacer| {
            let mut sent = 0;
            for turn in (pacer..all).step_by(usize::try_from(PACERS)?) {
                std::thread::sleep((time * turn / all).saturating_sub(begin.elapsed()));
                self.get(turn % clients, turn / clients)?;
                sent += 1;
            }
            Ok(sent)
        })
    }

    fn get(&self, client: u32, turn: u32) -> Result<()> {
        let target = target(client, turn);
        let answer =
            self.edge.request("GET", target).header("cf-connecting-ip", &self.address(client)).send()?;
        ensure!(answer.status == 200, "client {client}, {target}: {}", answer.shown());
        Ok(())
    }

    fn begin(&self, client: u32, turn: u32) -> Result<TcpStream> {
        let (target, address) = (target(client, turn), self.address(client));
        let mut stream = self.edge.connect()?;
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nhost: edge\r\ncf-connecting-ip: {address}\r\nconnection: close\r\n\r\n"
        )?;
        Ok(stream)
    }

    fn address(&self, client: u32) -> String {
        format!("{}.{}.{}", self.network, client / 250, client % 250 + 1)
    }
}

/// What all threads have sent.
fn in_threads(threads: u32, run: impl Fn(u32) -> Result<u64> + Sync) -> Result<u64> {
    let run = &run;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|number| scope.spawn(move || run(number))).collect();
        let sent = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        sent.map(|sent| sent.map_err(|_| anyhow::anyhow!("a client panicked"))?).sum()
    })
}

fn target(client: u32, turn: u32) -> &'static str {
    let turn = usize::try_from(client.wrapping_add(turn)).unwrap_or_default();
    TARGETS.get(turn % TARGETS.len()).copied().unwrap_or("/api/products")
}
