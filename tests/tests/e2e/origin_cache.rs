//! The origin's own response cache, by two origins on one database, without an edge.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use valora_tests::client::{Answer, Client};
use valora_tests::redis::Redis;
use valora_tests::replica::Replica;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_change_at_one_replica_is_seen_at_the_other_by_the_next_request,
        a_replica_that_starts_answers_from_redis_and_obeys_what_was_purged_meanwhile,
        a_tool_beside_the_origin_purges_too,
    ]
}

fn x_cache(answer: &Answer) -> &str {
    answer.header("x-cache").unwrap_or_default()
}

fn shown(client: &Client) -> Result<u64> {
    let answer = client.get("/api/products/1")?;
    ensure!(answer.status == 200, "{}", answer.shown());
    let body = answer.json()?;
    Ok(body["name"].as_str().context("no name")?.parse().unwrap_or(0))
}

fn a_change_at_one_replica_is_seen_at_the_other_by_the_next_request() -> Result<()> {
    const CHANGES: u64 = 200;
    let folder = TempDir::new()?;
    let redis = Redis::start(folder.path())?;
    let settings = [("REDIS_URL", &*redis.url())];
    let one = Replica::start(folder.path(), "one", &settings)?;
    let other = Replica::start(folder.path(), "other", &settings)?;
    let changed = AtomicU64::new(0);
    // While one changes it again and again, readers of both never see what was before a change that was answered.
    thread::scope(|scope| {
        let readers: Vec<_> = [&one, &one, &other, &other]
            .into_iter()
            .map(|replica| {
                let changed = &changed;
                scope.spawn(move || -> Result<()> {
                    loop {
                        let at_least = changed.load(Ordering::SeqCst);
                        let seen = shown(replica.client())?;
                        ensure!(seen >= at_least, "{seen} was shown after {at_least}");
                        if seen == CHANGES {
                            return Ok(());
                        }
                    }
                })
            })
            .collect();
        for number in 1..=CHANGES {
            one.rename(&number.to_string())?;
            changed.store(number, Ordering::SeqCst);
        }
        readers.into_iter().try_for_each(|reader| match reader.join() {
            Ok(read) => read,
            Err(_) => anyhow::bail!("a reader panicked"),
        })
    })?;
    for replica in [&one, &other] {
        let stats = replica.cache_stats()?;
        ensure!(stats["keyspace_hits"].as_u64() > Some(0), "nothing was answered from the cache: {stats}");
        ensure!(stats["epoch"].as_u64() >= Some(CHANGES), "{stats}");
    }
    Ok(())
}

fn a_replica_that_starts_answers_from_redis_and_obeys_what_was_purged_meanwhile() -> Result<()> {
    let folder = TempDir::new()?;
    let redis = Redis::start(folder.path())?;
    let settings = [("REDIS_URL", &*redis.url())];
    let one = Replica::start(folder.path(), "one", &settings)?;
    crate::redis::connected(&one)?;
    for target in ["/api/products", "/api/products/1", "/api/products/2"] {
        ensure!(x_cache(&one.client().get(target)?) == "MISS");
    }
    crate::redis::written(&one, 3)?;
    ensure!(redis.ask("DBSIZE")? == "3" && redis.ask("KEYS v:c:*")?.lines().count() == 3);
    one.rename("Another")?;

    let other = Replica::start(folder.path(), "other", &settings)?;
    crate::redis::connected(&other)?;
    // What is in Redis of product 1 and of the list is from before.
    ensure!(x_cache(&other.client().get("/api/products/2")?) == "HIT", "it was not there");
    let renamed = other.client().get("/api/products/1")?;
    ensure!(x_cache(&renamed) == "MISS" && renamed.json()?["name"] == "Another", "{}", renamed.shown());
    let list = other.client().get("/api/products")?;
    ensure!(list.json()?["PRODUCTS_LIST"][0]["name"] == "Another", "{}", list.shown());
    // Byte for byte the same, packed on the way or not.
    for target in ["/api/products", "/api/products/2"] {
        ensure!(one.client().get(target)?.body == other.client().get(target)?.body, "{target}");
    }
    let stats = other.cache_stats()?;
    ensure!(stats["redis_hits"].as_u64() >= Some(3), "{stats}");
    // A list shrinks to less than half.
    let stats = one.cache_stats()?;
    ensure!(stats["compression_ratio"].as_f64() < Some(0.5), "{stats}");

    // Another database on the same Redis shares nothing with this one.
    let elsewhere = TempDir::new()?;
    let stranger = Replica::start(elsewhere.path(), "stranger", &settings)?;
    crate::redis::connected(&stranger)?;
    ensure!(x_cache(&stranger.client().get("/api/products/2")?) == "MISS");
    Ok(())
}

fn a_tool_beside_the_origin_purges_too() -> Result<()> {
    let folder = TempDir::new()?;
    let origin = Replica::start(folder.path(), "origin", &[])?;
    for expected in ["MISS", "HIT"] {
        ensure!(x_cache(&origin.client().get("/api/products")?) == expected);
    }
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "product_id,name,brand,category,a_price_inr\n1,Brought by import,,,99\n")?;
    let done = std::process::Command::new(xtask::paths::target().join("debug/valora-origin"))
        .arg("import")
        .arg(&list)
        .env("DATABASE_URL", format!("sqlite:///{}", folder.path().join("valora.db").display()))
        .current_dir(folder.path())
        .output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let answer = origin.client().get("/api/products")?;
    ensure!(answer.json()?["PRODUCTS_LIST"][0]["name"] == "Brought by import", "{}", answer.shown());
    Ok(())
}
