//! Single-flight: of all that miss one key, in whatever isolate, one asks the origin.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::problem_body;
use valora_tests::client::{Answer, Client};
use valora_tests::deliveries::{Deliveries, event_id};
use valora_tests::running::Running;
use valora_tests::scripted::{Asked, Reply, Scripted};
use valora_tests::until::until;
use xtask::system::SystemOptions;
use xtask::worker::WorkerVariant;

use crate::harness::Test;

const ISOLATES: usize = 4;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_thousand_misses_of_one_key_are_two_requests_at_most,
        an_answer_comes_for_the_others_when_the_first_client_leaves,
        a_slow_origin_is_asked_a_few_times_and_all_are_answered,
        a_private_answer_is_given_to_nobody_else,
        variants_are_not_confused,
        who_needs_a_newer_epoch_gets_no_answer_of_before,
        an_origin_that_hangs_is_not_asked_by_each_who_waits_and_none_waits_longer_than_it_has,
        an_origin_that_refuses_at_once_gets_no_herd,
        without_the_objects_everybody_is_served,
    ]
}

/// Four isolates before an origin of the test's.
fn system(
    worker: WorkerVariant,
    play: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> Result<(Running, Scripted)> {
    let origin = Scripted::start(play)?;
    let isolates = u16::try_from(ISOLATES)?;
    let system = Running::start(|options| {
        SystemOptions { isolates, origin: false, worker, ..options }.with_env("ORIGIN_URL", &origin.url())
    })?;
    Ok((system, origin))
}

/// A request that is on its way.
fn begin(edge: &Client, target: &str, more: &str) -> Result<TcpStream> {
    use std::io::Write as _;
    let mut stream = edge.connect()?;
    stream.write_all(
        format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{more}\r\n").as_bytes(),
    )?;
    Ok(stream)
}

/// So many at once, spread over the isolates.
fn at_once(system: &Running, count: usize, target: &str) -> Result<Vec<Answer>> {
    let isolates = (0..ISOLATES).map(|isolate| system.isolate(isolate)).collect::<Result<Vec<_>>>()?;
    let asked: Vec<TcpStream> =
        isolates.iter().cycle().take(count).map(|edge| begin(edge, target, "")).collect::<Result<_>>()?;
    asked.into_iter().map(Answer::read_from).collect()
}

fn all_are(answers: &[Answer], body: &str) -> Result<()> {
    for answer in answers {
        ensure!(answer.status == 200 && answer.text() == body, "{}", answer.shown());
        ensure!(!answer.headers.iter().any(|(name, _)| name.starts_with("x-valora")), "{:?}", answer.headers);
    }
    Ok(())
}

fn wait_until_asked(origin: &Scripted, target: &str, times: usize) -> Result<()> {
    until("the origin was asked", Duration::from_secs(5), || {
        Ok((origin.asked(target).len() >= times).then_some(()))
    })
}

fn a_thousand_misses_of_one_key_are_two_requests_at_most() -> Result<()> {
    let (system, origin) = system(WorkerVariant::Plain, |asked| {
        Reply::kept(format!("{{\"number\":{}}}", asked.before)).after(1_000)
    })?;
    // Isolates that have just begun look at the Hub first, which on a busy machine takes longer than an answer is kept.
    at_once(&system, ISOLATES, "/api/products?test=warm")?;
    let target = "/api/products?test=thousand";
    let answers = at_once(&system, 1_000, target)?;
    all_are(&answers, "{\"number\":0}")?;
    let told =
        |outcome: &str| answers.iter().filter(|answer| answer.header("x-cache") == Some(outcome)).count();
    let (collapsed, hits, misses) = (told("COLLAPSED"), told("HIT"), told("MISS"));
    // The slower the machine, the more of them are sent when it is there.
    ensure!(collapsed >= 100 && collapsed + hits + misses == 1_000, "{collapsed} collapsed, {hits} hits");
    ensure!(misses <= 2, "{misses} misses");
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        all_are(&at_once(&system, 20, target)?, "{\"number\":0}")?;
        std::thread::sleep(Duration::from_millis(100));
    }
    let asked = origin.asked(target);
    ensure!(asked.len() <= 2, "{} requests", asked.len());
    let sent = asked.first().context("nobody asked")?;
    ensure!(!sent.headers.iter().any(|(name, _)| name == "x-valora-flight"), "{:?}", sent.headers);
    Ok(())
}

fn an_answer_comes_for_the_others_when_the_first_client_leaves() -> Result<()> {
    let (system, origin) = system(WorkerVariant::Plain, |asked| {
        Reply::kept(format!("{{\"number\":{}}}", asked.before)).after(1_000)
    })?;
    for leaver in 0..2 {
        let target = format!("/api/products?test=leaver{leaver}");
        let first = begin(&system.isolate(leaver)?, &target, "")?;
        wait_until_asked(&origin, &target, 1)?;
        let others: Vec<TcpStream> =
            (0..20).map(|n| begin(&system.isolate(n % ISOLATES)?, &target, "")).collect::<Result<_>>()?;
        first.shutdown(std::net::Shutdown::Both)?;
        drop(first);
        let answers: Vec<Answer> = others.into_iter().map(Answer::read_from).collect::<Result<_>>()?;
        all_are(&answers, "{\"number\":0}")?;
        ensure!(origin.asked(&target).len() == 1, "{} requests", origin.asked(&target).len());
    }
    Ok(())
}

fn a_slow_origin_is_asked_a_few_times_and_all_are_answered() -> Result<()> {
    let (system, origin) = system(WorkerVariant::Plain, |_| Reply::kept("{\"slow\":true}").after(5_000))?;
    let target = "/api/products?test=slow";
    let begun = Instant::now();
    all_are(&at_once(&system, 400, target)?, "{\"slow\":true}")?;
    // Who has waited four seconds, two of them in the object, and then asks by itself, is the last.
    ensure!(begun.elapsed() < Duration::from_secs(12), "answered after {:?}", begun.elapsed());
    let count = origin.asked(target).len();
    // One from each isolate and two seconds, and the one that leads.
    ensure!(count <= 1 + ISOLATES * 3, "{count} requests");
    Ok(())
}

fn a_private_answer_is_given_to_nobody_else() -> Result<()> {
    let (system, origin) = system(WorkerVariant::Plain, |asked| {
        let reply = Reply::kept(format!("{{\"number\":{}}}", asked.before)).after(200);
        if asked.target.contains("cookie") {
            reply.with("set-cookie", &format!("session={}", asked.before))
        } else {
            reply.without("cdn-cache-control").with("cache-control", "private, max-age=600")
        }
    })?;
    for target in ["/api/products?test=private", "/api/products?test=cookie"] {
        let answers = at_once(&system, 60, target)?;
        let bodies: BTreeSet<String> = answers.iter().map(Answer::text).collect();
        ensure!(answers.iter().all(|answer| answer.status == 200));
        ensure!(bodies.len() == 60, "{target}: {} bodies for 60 clients", bodies.len());
        ensure!(origin.asked(target).len() == 60, "{target}: {} requests", origin.asked(target).len());
        if target.contains("cookie") {
            let cookies: BTreeSet<&str> =
                answers.iter().filter_map(|answer| answer.header("set-cookie")).collect();
            ensure!(cookies.len() == 60, "{} cookies", cookies.len());
        }
    }
    Ok(())
}

fn variants_are_not_confused() -> Result<()> {
    let (system, origin) = system(WorkerVariant::Plain, |asked| {
        let language = asked.headers.iter().find(|(name, _)| name == "accept-language");
        let language = language.map_or("none", |(_, value)| value.as_str());
        Reply::kept(format!("{{\"language\":\"{language}\"}}")).with("vary", "Accept-Language").after(300)
    })?;
    let target = "/api/products?test=variants";
    let languages = ["en", "hi", "de"];
    let asked = (0..90)
        .map(|n| {
            let language = languages[n % 3];
            let more = format!("accept-language: {language}\r\n");
            Ok((language, begin(&system.isolate(n % ISOLATES)?, target, &more)?))
        })
        .collect::<Result<Vec<_>>>()?;
    for (language, stream) in asked {
        let answer = Answer::read_from(stream)?;
        all_are(&[answer], &format!("{{\"language\":\"{language}\"}}"))?;
    }
    let count = origin.asked(target).len();
    ensure!(count <= 30, "{count} requests for three variants and four isolates");
    // Each is in KV, though the second came just after the first.
    let ask = |isolate: usize, language: &str| {
        let request = system.isolate(isolate)?.request("GET", "/api/products?test=kv");
        request.header("accept-language", language).send()
    };
    for language in ["en", "hi"] {
        ensure!(ask(0, language)?.header("x-cache") == Some("MISS"), "{language} was there");
    }
    std::thread::sleep(Duration::from_millis(500));
    for language in ["en", "hi"] {
        let answer = ask(1, language)?;
        ensure!(answer.header("x-cache") == Some("HIT"), "{language}: {:?}", answer.headers);
        all_are(&[answer], &format!("{{\"language\":\"{language}\"}}"))?;
    }
    Ok(())
}

fn who_needs_a_newer_epoch_gets_no_answer_of_before() -> Result<()> {
    let (system, origin) = system(WorkerVariant::Plain, |asked| {
        let reply = Reply::kept(format!("{{\"number\":{}}}", asked.before)).with("cache-tag", "product:1");
        // The first reads the price and then takes its time.
        reply.after(if asked.before == 0 { 6_000 } else { 50 })
    })?;
    let target = "/api/products/1?test=epoch";
    // Every isolate knows the epochs of before.
    for isolate in 0..ISOLATES {
        system.isolate(isolate)?.get("/api/products?test=warm")?;
    }
    let early = begin(&system.isolate(0)?, target, "")?;
    wait_until_asked(&origin, target, 1)?;
    let id = event_id(1);
    let purge = format!(r#"{{"id":"{id}","kind":"purge","tags":["product:1"],"mode":"revalidate"}}"#);
    let told = Deliveries::to(&system, 1)?.of(&[purge])?.send()?;
    ensure!(told.status == 200, "{}", told.shown());
    // The receipt's visible_by: what an isolate's look at the epochs may be old, and half a second.
    std::thread::sleep(Duration::from_millis(2_500));
    ensure!(origin.asked(target).len() <= 4, "the first is still under way");
    let newer: Vec<Answer> =
        (1..ISOLATES).map(|isolate| system.isolate(isolate)?.get(target)).collect::<Result<_>>()?;
    for answer in &newer {
        ensure!(answer.status == 200 && answer.text() != "{\"number\":0}", "{}", answer.shown());
    }
    let early = Answer::read_from(early)?;
    ensure!(early.status == 200, "{}", early.shown());
    // Whoever was asked before the purge may be answered so; nobody after it, whoever holds what.
    for isolate in 0..ISOLATES {
        let later = system.isolate(isolate)?.get(target)?;
        ensure!(later.status == 200 && later.text() != "{\"number\":0}", "{isolate}: {}", later.shown());
    }
    Ok(())
}

fn an_origin_that_hangs_is_not_asked_by_each_who_waits_and_none_waits_longer_than_it_has() -> Result<()> {
    let isolates = u16::try_from(ISOLATES)?;
    let origin = Scripted::start(|_| Reply::kept("late").after(60_000))?;
    let system = Running::start(|options| {
        SystemOptions { isolates, origin: false, ..options }
            .with_env("ORIGIN_URL", &origin.url())
            .with_env("ORIGIN_TIMEOUT_MS", "3000")
    })?;
    at_once(&system, ISOLATES, "/api/health")?;
    let target = "/api/products?test=hung";
    let begun = Instant::now();
    for answer in at_once(&system, 100, target)? {
        ensure!(answer.status == 504, "{}", answer.shown());
    }
    // Whoever has waited for another isolate's fetch has so much less for one of its own.
    ensure!(begun.elapsed() < Duration::from_millis(3_800), "answered after {:?}", begun.elapsed());
    let count = origin.asked(target).len();
    ensure!(count <= 2 * ISOLATES, "{count} requests");
    Ok(())
}

fn an_origin_that_refuses_at_once_gets_no_herd() -> Result<()> {
    let is_ill = Arc::new(AtomicBool::new(true));
    let (system, origin) = system(WorkerVariant::Plain, {
        let is_ill = Arc::clone(&is_ill);
        move |asked| {
            let is_ill = is_ill.load(Ordering::Relaxed) && asked.target.contains("refused");
            let reply = Reply::kept("{}");
            if is_ill { reply.without("cdn-cache-control").under(503) } else { reply }
        }
    })?;
    at_once(&system, ISOLATES, "/api/products?test=warm")?;
    let target = "/api/products?test=refused";
    let begun = Instant::now();
    let answers = at_once(&system, 1_000, target)?;
    let seconds = usize::try_from(begun.elapsed().as_secs())?;
    let asked = origin.asked(target).len();
    // One from each isolate, and one more for each second that the machine needs for the thousand.
    ensure!(asked <= ISOLATES * (2 + seconds), "{asked} requests in {seconds} s");
    let (own, told): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 503);
    ensure!(own.len() == asked, "{} heard the origin's own words, {asked} asked", own.len());
    for answer in told {
        ensure!(answer.status == 502 && answer.header("retry-after") == Some("5"), "{}", answer.shown());
        problem_body(answer, "OriginFailed")?;
    }
    is_ill.store(false, Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(1_100));
    for answer in at_once(&system, ISOLATES, target)? {
        ensure!(answer.status == 200, "a failure was kept: {}", answer.shown());
    }
    Ok(())
}

/// The objects live in the first isolate; the others' calls are spoiled, so that who asks survives the object's death.
fn without_the_objects_everybody_is_served() -> Result<()> {
    let (system, origin) = system(WorkerVariant::Faults, |asked| {
        Reply::kept(format!("{{\"number\":{}}}", asked.before)).after(200)
    })?;
    for fault in ["admit", "land", "hang"] {
        let target = format!("/api/products?test={fault}");
        let askers = (1..ISOLATES).map(|isolate| system.isolate(isolate)).collect::<Result<Vec<_>>>()?;
        for asker in &askers {
            ensure!(asker.get(&format!("/__fault/flight-{fault}"))?.status == 200);
        }
        let begun = Instant::now();
        let asked: Vec<TcpStream> =
            askers.iter().cycle().take(30).map(|edge| begin(edge, &target, "")).collect::<Result<_>>()?;
        for stream in asked {
            let answer = Answer::read_from(stream)?;
            ensure!(answer.status == 200, "{fault}: {}", answer.shown());
        }
        ensure!(begun.elapsed() < Duration::from_secs(6), "{fault}: answered after {:?}", begun.elapsed());
        let count = origin.asked(&target).len();
        // While nobody hears of the object, each isolate has one more when two seconds are over.
        ensure!(count <= 2 * ISOLATES, "{fault}: {count} requests");
        for asker in &askers {
            ensure!(asker.get("/__fault/flight-well")?.status == 200);
        }
        ensure!(system.isolate(0)?.get("/api/health")?.status == 200, "after {fault}");
    }
    Ok(())
}
