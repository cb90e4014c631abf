//! The rate limit of origins that share a Redis: one limit for all of them, and none lost when Redis is.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use valora_tests::client::Answer;
use valora_tests::redis::Redis;
use valora_tests::replica::{ADMIN_TOKEN, Replica};
use valora_tests::until::until;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        three_replicas_let_through_what_one_may,
        a_redis_that_dies_in_the_middle_fails_nobody_and_is_no_new_allowance,
        a_hung_redis_costs_one_timeout,
        a_reset_at_one_replica_is_known_at_the_others,
    ]
}

const REPLICAS: usize = 3;
/// In time after it returned.
const BACK_WITHIN: Duration = Duration::from_secs(5);

struct Shop {
    redis: Redis,
    replicas: Vec<Replica>,
    _folder: TempDir,
}

impl Shop {
    fn open(minute: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let redis = Redis::start(folder.path())?;
        let url = format!("{}/1", redis.url());
        let settings = [
            ("REDIS_RATE_LIMIT_URL", url.as_str()),
            ("RATE_LIMIT_PER_MINUTE", minute),
            ("RATE_LIMIT_PER_HOUR", "1000"),
            ("RATE_LIMIT_PER_DAY", "10000"),
        ];
        let replicas = ["one", "two", "three"].map(|name| Replica::start(folder.path(), name, &settings));
        let shop = Self { redis, replicas: replicas.into_iter().collect::<Result<_>>()?, _folder: folder };
        shop.wait_until("healthy")?;
        Ok(shop)
    }

    /// How each replica finds Redis.
    fn wait_until(&self, status: &str) -> Result<()> {
        for replica in &self.replicas {
            until("Redis was found", BACK_WITHIN, || {
                let health = replica.client().get("/api/health/detailed")?.json()?;
                Ok((health["services"]["redis"]["status"] == status).then_some(()))
            })?;
        }
        Ok(())
    }

    /// So many requests at once that no cache answers, spread over the replicas; how many passed at each.
    fn at_once(&self, count: usize, name: &str) -> Result<[usize; REPLICAS]> {
        self.at_once_from(Ipv4Addr::LOCALHOST, count, name)
    }

    fn at_once_from(&self, client: Ipv4Addr, count: usize, name: &str) -> Result<[usize; REPLICAS]> {
        let asked: Vec<TcpStream> = (0..count).map(|n| self.begin(client, n, name)).collect::<Result<_>>()?;
        let mut passed = [0; REPLICAS];
        for (number, stream) in asked.into_iter().enumerate() {
            let answer = Answer::read_from(stream)?;
            ensure!(matches!(answer.status, 200 | 429), "{}", answer.shown());
            if let Some(passed) = passed.get_mut(number % REPLICAS) {
                *passed += usize::from(answer.status == 200);
            }
        }
        Ok(passed)
    }

    fn begin(&self, client: Ipv4Addr, number: usize, name: &str) -> Result<TcpStream> {
        let mut stream = self.replicas[number % REPLICAS].client().connect_from(client)?;
        let target = format!("/api/products?n={name}{number}");
        write!(stream, "GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
        Ok(stream)
    }

    fn calls_of(&self, command: &str) -> Result<usize> {
        let stats = self.redis.ask("INFO commandstats")?;
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        Ok(line.map_or(Ok(0), |line| line.split(',').next().unwrap_or_default().parse())?)
    }
}

fn three_replicas_let_through_what_one_may() -> Result<()> {
    let shop = Shop::open("60")?;
    let passed = shop.at_once(1_000, "a")?;
    ensure!(passed.iter().sum::<usize>() == 60, "{passed:?} passed");
    // One round trip each at most, and none for who is refused again and again.
    let calls = shop.calls_of("evalsha")?;
    ensure!((60..=1_000 + REPLICAS).contains(&calls), "{calls} calls for 1,000 requests");
    ensure!(shop.at_once(99, "b")?.iter().sum::<usize>() == 0);
    let more = shop.calls_of("evalsha")? - calls;
    ensure!(more <= 99, "{more} calls for 99 refusals");
    let keys = shop.redis.ask("-n 1 KEYS *")?;
    ensure!(keys.lines().count() == 1 && keys.starts_with("v:rl:"), "{keys}");
    ensure!(!keys.contains("127.0.0.1"), "{keys}");
    let answer = shop.replicas[0].client().get("/api/products?n=b")?;
    let wait: u64 = answer.header("retry-after").context("no Retry-After")?.parse()?;
    ensure!(answer.status == 429 && (50..=61).contains(&wait), "{}", answer.shown());
    for number in 1..=50 {
        let client = Ipv4Addr::new(127, 0, 1, number);
        let passed = shop.at_once_from(client, 200, &format!("c{number}-"))?;
        ensure!(passed.iter().sum::<usize>() == 60, "{passed:?} of {client} passed");
    }
    Ok(())
}

fn a_redis_that_dies_in_the_middle_fails_nobody_and_is_no_new_allowance() -> Result<()> {
    let mut shop = Shop::open("60")?;
    let asked: Vec<TcpStream> =
        (0..1_000).map(|n| shop.begin(Ipv4Addr::LOCALHOST, n, "a")).collect::<Result<_>>()?;
    shop.redis.kill();
    let mut passed = [0; REPLICAS];
    for (number, stream) in asked.into_iter().enumerate() {
        let answer = Answer::read_from(stream)?;
        ensure!(matches!(answer.status, 200 | 429), "{}", answer.shown());
        passed[number % REPLICAS] += usize::from(answer.status == 200);
    }
    // So long each replica keeps what Redis has refused.
    std::thread::sleep(Duration::from_millis(2_100));
    for (passed, later) in passed.iter_mut().zip(shop.at_once(500, "b")?) {
        *passed += later;
    }
    ensure!(passed.iter().all(|passed| *passed <= 60), "{passed:?} passed");
    ensure!(passed.iter().sum::<usize>() > 60, "memory lets nobody through: {passed:?}");
    // It returns and knows nothing: no replica lets anybody through whom it let through before.
    shop.redis.run()?;
    shop.wait_until("healthy")?;
    let again = shop.at_once(500, "c")?;
    for (passed, again) in passed.iter().zip(again) {
        ensure!(passed + again <= 60, "{passed} and then {again}");
    }
    for replica in &shop.replicas {
        let failures = replica.cache_stats();
        // The admin is the same address, and so out of tokens, too, but for the admin's limits.
        let failures = failures?["limiter_failures"].as_u64();
        ensure!(failures > Some(0), "{failures:?}");
    }
    ensure!(shop.calls_of("evalsha")? > 0, "Redis is not asked again");
    Ok(())
}

fn a_hung_redis_costs_one_timeout() -> Result<()> {
    let shop = Shop::open("1000")?;
    shop.redis.freeze()?;
    let client = shop.replicas[0].client();
    let mut times = Vec::new();
    let frozen = Instant::now();
    while frozen.elapsed() < Duration::from_secs(3) && times.len() < 900 {
        let sent = Instant::now();
        let answer = client.get(&format!("/api/products?n={}", times.len()))?;
        ensure!(answer.status == 200, "{}", answer.shown());
        times.push(sent.elapsed());
    }
    let slow = times.iter().filter(|time| **time >= Duration::from_millis(90)).count();
    ensure!(slow <= 2 && times.len() > 100, "{slow} slow ones of {}", times.len());
    shop.redis.thaw()?;
    shop.wait_until("healthy")
}

fn a_reset_at_one_replica_is_known_at_the_others() -> Result<()> {
    let mut shop = Shop::open("9")?;
    ensure!(shop.passed_at_the_second(12, "a")? == 9, "what it knows itself");
    shop.reset_at_the_first()?;
    // So long it keeps what was refused.
    std::thread::sleep(Duration::from_millis(2_100));
    let passed = shop.passed_at_the_second(12, "b")?;
    ensure!(passed == 9, "{passed} passed after the reset");
    // One that it does not stand at its limit for when it learns of it: those who ask at that moment count.
    shop.reset_at_the_first()?;
    std::thread::sleep(Duration::from_millis(2_100));
    ensure!(shop.passed_at_the_second(2, "c")? == 2);
    shop.reset_at_the_first()?;
    let passed = shop.passed_at_the_second(7, "d")?;
    shop.redis.kill();
    let more = shop.passed_at_the_second(12, "e")?;
    ensure!(passed == 7 && passed + more <= 9, "{passed} and, without Redis, {more} passed");
    Ok(())
}

impl Shop {
    /// So many at once at one replica.
    fn passed_at_the_second(&self, count: usize, name: &str) -> Result<usize> {
        let second = |n| self.begin(Ipv4Addr::LOCALHOST, REPLICAS * n + 1, name);
        let asked: Vec<TcpStream> = (0..count).map(second).collect::<Result<_>>()?;
        let answers = asked.into_iter().map(|stream| Ok(Answer::read_from(stream)?.status));
        let statuses: Vec<u16> = answers.collect::<Result<_>>()?;
        Ok(statuses.iter().filter(|status| **status == 200).count())
    }

    fn reset_at_the_first(&self) -> Result<()> {
        let request = self.replicas[0].client().request("POST", "/api/admin/ratelimit/reset?ip=127.0.0.1");
        let reset = request.header("authorization", &format!("Bearer {ADMIN_TOKEN}")).send()?;
        ensure!(reset.status == 200, "{}", reset.shown());
        Ok(())
    }
}
