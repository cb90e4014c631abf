//! A panic kills the wasm instance it happens in. Everybody who was in it gets an answer, and a fresh instance takes
//! over at once.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::{HeaderSet, problem_body};
use valora_tests::client::{Answer, Client};
use valora_tests::until::until;

use crate::harness::Test;
use crate::systems;

const CLIENTS: usize = 16;

pub(crate) fn trials() -> Vec<Test> {
    // One after the other: what one provokes would be seen by the others.
    trials![an_instance_s_death_is_survived]
}

fn an_instance_s_death_is_survived() -> Result<()> {
    let system = systems::faulty()?;
    // What the Worker printed tells more than what the clients saw.
    all_of_it(&system.edge()?)
        .with_context(|| format!("the edge printed last:\n{}", tail(&system.edge_log())))
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains(r#""message":"request""#)).collect();
    lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
}

fn all_of_it(edge: &Client) -> Result<()> {
    edge.get("/api/products")?;
    a_panic_is_answered_with_a_whole_problem(edge).context("one panic")?;
    requests_in_flight_are_answered(edge).context("requests in flight")?;
    twenty_panics_among_sixteen_clients(edge, "/__fault/panic-sync", 20).context("panics before I/O")?;
    twenty_panics_among_sixteen_clients(edge, "/__fault/panic-async", 3).context("panics after I/O")?;
    for _ in 0..6 {
        sixteen_clients_panic_at_once(edge).context("panics at once")?;
    }
    nothing_but_the_fault_routes_panics()
}

fn is_last_resort(answer: &Answer) -> Result<()> {
    ensure!(answer.status == 500, "{}", answer.shown());
    problem_body(answer, "InternalError")?;
    HeaderSet::last_resort().check(answer)
}

fn a_panic_is_answered_with_a_whole_problem(edge: &Client) -> Result<()> {
    for path in ["/__fault/panic-sync", "/__fault/panic-async"] {
        let answer = edge.request("GET", path).header("x-correlation-id", "in-the-middle").send()?;
        is_last_resort(&answer).with_context(|| path.to_owned())?;
        ensure!(answer.header("x-correlation-id") == Some("in-the-middle"), "{}", answer.shown());
        ensure!(answer.json()?["path"] == path, "{}", answer.shown());
        served(edge, &format!("/api/products?after={path}"))?;
        let strange = edge.request("GET", path).header("x-correlation-id", "no id <>").send()?;
        is_last_resort(&strange).with_context(|| path.to_owned())?;
        served(edge, "/api/products")?;
    }
    Ok(())
}

/// Requests that wait when the instance dies are answered, by the entry, long before their wait is over.
fn requests_in_flight_are_answered(edge: &Client) -> Result<()> {
    until("a panic hit waiting requests", Duration::from_secs(20), || {
        let mut waiting = Vec::new();
        for _ in 0..4 {
            let mut stream = edge.connect()?;
            stream.write_all(b"GET /__fault/slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
            waiting.push(stream);
        }
        // An answered request behind them: the slow ones have been taken in by now, unless the machine is busy.
        edge.get("/api/health")?;
        let died = Instant::now();
        is_last_resort(&edge.get("/__fault/panic-sync")?)?;
        served(edge, "/api/products?in=flight")?;
        let mut caught = 0;
        for stream in waiting {
            let answer = Answer::read_from(stream)?;
            ensure!(matches!(answer.status, 200 | 500), "{}", answer.shown());
            if answer.status == 500 {
                is_last_resort(&answer)?;
                ensure!(died.elapsed() < Duration::from_millis(900), "only after {:?}", died.elapsed());
                caught += 1;
            }
        }
        Ok((caught == 4).then_some(()))
    })
}

/// Clients that ask all the time see nothing but good answers and, where theirs was lost, whole problems.
fn twenty_panics_among_sixteen_clients(edge: &Client, path: &str, times: u32) -> Result<()> {
    let (done, served_count) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (done, served_count) = (&done, &served_count);
                scope.spawn(move || -> Result<()> {
                    let mut round = 0;
                    while !done.load(Ordering::Relaxed) {
                        round += 1;
                        // Half of them from the cache, half with I/O.
                        let target = if round % 2 == 0 {
                            "/api/products".to_owned()
                        } else {
                            format!("/api/products/{}?n={number}&r={round}", 1 + round % 8)
                        };
                        let answer = edge.get(&target)?;
                        match answer.status {
                            200 => served_count.fetch_add(1, Ordering::Relaxed),
                            _ => is_last_resort(&answer).map(|()| 0)?,
                        };
                    }
                    Ok(())
                })
            })
            .collect();
        let panics = (0..times).try_for_each(|number| {
            is_last_resort(&edge.get(path)?)?;
            served(edge, &format!("/api/products?{path}={number}"))
        });
        done.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
        }
        panics
    })?;
    let count = served_count.load(Ordering::Relaxed);
    ensure!(count > times * 4, "only {count} requests were served between {times} panics");
    Ok(())
}

fn sixteen_clients_panic_at_once(edge: &Client) -> Result<()> {
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let path = if number % 2 == 0 { "/__fault/panic-sync" } else { "/__fault/panic-async" };
                scope.spawn(move || is_last_resort(&edge.get(path)?))
            })
            .collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().map_err(|_| anyhow::anyhow!("it panicked"))?)
    })?;
    served(edge, "/api/products?after=all")
}

/// The plain Worker has no such routes.
fn nothing_but_the_fault_routes_panics() -> Result<()> {
    let answer = systems::shop()?.edge()?.get("/__fault/panic-sync")?;
    ensure!(answer.status == 404, "{}", answer.shown());
    Ok(())
}

/// The very next request: no second try.
fn served(edge: &Client, target: &str) -> Result<()> {
    let answer = edge.get(target)?;
    ensure!(answer.status == 200, "after a panic: {target}: {}", answer.shown());
    Ok(())
}
