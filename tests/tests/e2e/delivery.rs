//! Events from a real origin to a real edge that is killed again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use valora_tests::client::Client;
use valora_tests::running::Running;
use valora_tests::tap::{Passed, Tap};
use valora_tests::until::until;
use xtask::system::{SystemOptions, ports};

use crate::audit::bearer;
use crate::harness::Test;

const CHANGES: usize = 1_000;
const DEATHS: usize = 10;

pub(crate) fn trials() -> Vec<Test> {
    trials![every_change_arrives_in_order_at_an_edge_that_dies_ten_times]
}

/// Per product, the numbers of its prices.
type Seqs = BTreeMap<String, Vec<i64>>;

fn every_change_arrives_in_order_at_an_edge_that_dies_ten_times() -> Result<()> {
    let edge_port = ports::consecutive(0, 1)?[0];
    let tap = Tap::start(SocketAddr::from(([127, 0, 0, 1], edge_port)))?;
    let mut system =
        Running::start(|options| SystemOptions { edge_port, ..options }.with_env("EDGE_URL", &tap.url()))?;
    let origin = system.origin()?;
    let authorization = bearer(&system)?;
    let products = products(&origin)?;
    let changed = AtomicUsize::new(0);
    let deaths = thread::scope(|scope| -> Result<usize> {
        let changing = scope.spawn(|| change_prices(&origin, &authorization, &products, &changed));
        let mut deaths = 0;
        while deaths < DEATHS {
            let at = (deaths + 1) * CHANGES / (DEATHS + 1);
            until("the next part of the changes was made", Duration::from_mins(2), || {
                Ok((changed.load(Ordering::Relaxed) >= at || changing.is_finished()).then_some(()))
            })?;
            system.kill_edge();
            thread::sleep(Duration::from_millis(100));
            system.restart_edge()?;
            deaths += 1;
        }
        changing.join().map_err(|_| anyhow::anyhow!("changing prices panicked"))??;
        Ok(deaths)
    })?;
    ensure!(deaths == DEATHS && changed.load(Ordering::Relaxed) == CHANGES);

    let recorded = history(&origin, &products)?;
    ensure!(recorded.values().map(Vec::len).sum::<usize>() >= CHANGES, "not every change is on record");
    let arrived = until("every price arrived", Duration::from_mins(2), || {
        let arrived = first_arrivals(&tap.passed())?;
        let is_all = recorded.iter().all(|(id, seqs)| {
            let got: BTreeSet<i64> = arrived.get(id).into_iter().flatten().copied().collect();
            seqs.iter().all(|seq| got.contains(seq))
        });
        Ok(is_all.then_some(arrived))
    })?;
    for (id, seqs) in &arrived {
        ensure!(seqs.is_sorted(), "prices of {id} arrived as {seqs:?}");
        ensure!(Some(seqs.len()) == recorded.get(id).map(Vec::len), "{id} has a price nobody recorded");
    }
    Ok(())
}

/// Each of them another pinned price of one of the products, so that each is recorded.
fn change_prices(
    origin: &Client,
    authorization: &str,
    products: &[String],
    changed: &AtomicUsize,
) -> Result<()> {
    for (number, id) in products.iter().cycle().take(CHANGES).enumerate() {
        let target = format!("/api/products/{id}");
        let body = format!(r#"{{"pinned_paise":{}}}"#, 1_000_000 + number);
        let request = origin.request("PATCH", &target).header("authorization", authorization);
        let answer = request.header("content-type", "application/json").body(body).send()?;
        ensure!(answer.status == 200, "{}", answer.shown());
        changed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn products(origin: &Client) -> Result<Vec<String>> {
    let listed = origin.get("/api/products")?.json()?;
    let products = listed["PRODUCTS_LIST"].as_array().context("no list")?;
    let ids: Vec<String> =
        products.iter().filter_map(|product| Some(product["product_id"].as_str()?.to_owned())).collect();
    ensure!(!ids.is_empty(), "there are no products");
    Ok(ids)
}

fn history(origin: &Client, products: &[String]) -> Result<Seqs> {
    let mut seqs = Seqs::new();
    for id in products {
        let answer = origin.get(&format!("/api/prices/{id}/history?limit=500"))?.json()?;
        let prices = answer["prices"].as_array().with_context(|| answer.to_string())?;
        seqs.insert(id.clone(), prices.iter().filter_map(|price| price["seq"].as_i64()).collect());
    }
    Ok(seqs)
}

/// The prices that the edge acknowledged, each the first time, in the order they came.
fn first_arrivals(passed: &[Passed]) -> Result<Seqs> {
    let (mut seqs, mut seen) = (Seqs::new(), BTreeSet::new());
    for exchange in passed.iter().filter(|exchange| exchange.status == 200) {
        let delivery: Value = serde_json::from_str(&exchange.body)?;
        let receipt: Value = serde_json::from_str(&exchange.answer)?;
        ensure!(receipt["refused"] == serde_json::json!([]), "{receipt}");
        let done: BTreeSet<&str> =
            receipt["done"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let events = delivery["events"].as_array().context("no events")?;
        let prices = events.iter().filter(|event| event["kind"] == "price").count();
        ensure!(events.len() <= 500 && prices <= 40, "{} events, {prices} prices", events.len());
        for event in events {
            let id = event["id"].as_str().context("no id")?;
            ensure!(done.contains(id), "{id} is neither done nor refused");
            if let (Some(product), Some(seq)) = (event["product_id"].as_str(), event["seq"].as_i64())
                && seen.insert((product.to_owned(), seq))
            {
                seqs.entry(product.to_owned()).or_default().push(seq);
            }
        }
    }
    Ok(seqs)
}
