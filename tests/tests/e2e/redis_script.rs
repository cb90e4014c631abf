//! The rate limit's script, run by a real Redis, against the rule that it says once more.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use valora_shared::rate::{Booking, Decision, Limits, State, Verdict, Window, book, peek, take_back};
use valora_shared::time::UnixMillis;
use valora_tests::redis::Redis;
use xtask::paths;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![the_script_answers_as_the_vectors_say, the_script_decides_as_the_rule_does]
}

const CALLS: usize = 4_000;
/// What the script tells of each client.
const NUMBERS: usize = 11;

/// Each call by Redis itself, with the time of the vector for its clock's.
fn the_script_answers_as_the_vectors_say() -> Result<()> {
    let folder = TempDir::new()?;
    let redis = Redis::start(folder.path())?;
    let script = paths::root().join("origin/src/limit/script.lua");
    let vectors = std::fs::read_to_string(paths::root().join("tests/vectors/rate/steps.json"))?;
    let scenarios: Vec<Value> = serde_json::from_str(&vectors)?;
    for (number, scenario) in scenarios.iter().enumerate() {
        let limits = scenario["limits"].as_array().context("no limits")?;
        let limits: Vec<String> = limits.iter().map(Value::to_string).collect();
        let calls = scenario["calls"].as_array().context("no calls")?;
        for (place, call) in calls.iter().enumerate() {
            let (mode, cost) =
                if call["cost"].is_u64() { ("spend", &call["cost"]) } else { ("look", &call["peek"]) };
            let told = redis.ask(&format!(
                "--eval {} v:rl:{number} , {} {mode} {cost} {}",
                script.display(),
                call["at"],
                limits.join(" ")
            ))?;
            let told = read(&told).with_context(|| format!("{told}: {call}"))?;
            ensure!(told == call["expect"], "{} call {place}: {call}, not {told}", scenario["name"]);
        }
    }
    Ok(())
}

/// The script's integers as the vectors write them.
fn read(told: &str) -> Result<Value> {
    const WINDOWS: [&str; 3] = ["minute", "hour", "day"];
    let (counted, reset_age) = told.rsplit_once('\n').context("too short")?;
    let numbers: Vec<usize> = counted.lines().map(str::parse).collect::<Result<_, _>>()?;
    let [verdict, wait, longest, violated, rest @ ..] = numbers.as_slice() else {
        anyhow::bail!("too short")
    };
    ensure!(rest.len() == 6 && reset_age == "-1", "{told}");
    let violated: Vec<&str> = WINDOWS
        .iter()
        .enumerate()
        .filter(|(place, _)| violated & 1 << place != 0)
        .map(|(_, name)| *name)
        .collect();
    let mut read = match verdict {
        0 => json!({"verdict": "admitted"}),
        1 => json!({
            "verdict": "refused", "retry_after_ms": wait, "longest": WINDOWS.get(*longest), "violated": violated,
        }),
        _ => json!({"verdict": "too_costly", "violated": violated}),
    };
    read["used"] = json!(rest.get(..3));
    read["more_in_ms"] = json!(rest.get(3..6));
    Ok(read)
}

/// One or two payers, who spend, look and are reset, while the clock goes on, jumps, and goes back.
fn the_script_decides_as_the_rule_does() -> Result<()> {
    let folder = TempDir::new()?;
    let redis = Redis::start(folder.path())?;
    let script = std::fs::read_to_string(paths::root().join("origin/src/limit/script.lua"))?;
    let hash = redis.ask_with("-x SCRIPT LOAD", &script)?;
    let (mut chance, mut model, mut at) = (Chance(7), Model::default(), 1_790_000_000_123);
    let (mut commands, mut calls) = (String::new(), Vec::new());
    for _ in 0..CALLS {
        at += match chance.below(60) {
            0 => -i64::from(chance.below(5_000)),
            1 => i64::from(chance.below(4_000_000)),
            2 => i64::from(chance.below(90_000_000)),
            _ => i64::from(chance.below(500)),
        };
        let call = Call::by(&mut chance, at);
        commands.push_str(&call.command(&hash));
        calls.push((model.answer(&call), call));
    }
    let told = redis.ask_with("", &commands)?;
    let numbers: Vec<i64> =
        told.lines().filter(|line| !line.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
    let mut numbers = numbers.chunks(NUMBERS);
    let mut refused = 0;
    for (place, (expected, call)) in calls.iter().enumerate() {
        for expected in expected {
            ensure!(numbers.next() == Some(expected), "call {place}, {call:?}: not {expected:?}");
            refused += usize::from(expected.first() == Some(&1));
        }
    }
    ensure!(numbers.next().is_none());
    ensure!(refused > CALLS / 10, "only {refused} refusals");
    Ok(())
}

/// Numbers by a linear congruence, the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or_default() % end
    }
}

#[derive(Debug)]
struct Call {
    at: i64,
    mode: &'static str,
    cost: u32,
    payers: Vec<(u32, Limits)>,
}

impl Call {
    fn by(chance: &mut Chance, at: i64) -> Self {
        let mode = match chance.below(40) {
            0 => "reset",
            1..6 => "look",
            _ => "spend",
        };
        let cost = if chance.below(4) == 0 { chance.below(14) } else { 1 };
        let first = chance.below(6);
        let own = Limits { minute: 12, hour: 60 + first, day: 300 };
        let mut payers = vec![(first, own)];
        if mode != "reset" && chance.below(2) == 0 {
            payers.push((100 + first % 2, Limits { minute: 20, hour: 150, day: 700 }));
        }
        Self { at, mode, cost, payers }
    }

    fn command(&self, hash: &str) -> String {
        let Self { at, mode, cost, payers } = self;
        let keys: Vec<String> = payers.iter().map(|(payer, _)| format!("v:rl:{payer}")).collect();
        let limits = payers.iter().flat_map(|(_, limits)| Window::ALL.map(|window| limits.of(window)));
        let limits: Vec<String> = limits.map(|limit| limit.to_string()).collect();
        let (count, keys, limits) = (keys.len(), keys.join(" "), limits.join(" "));
        format!("EVALSHA {hash} {count} {keys} {at} {mode} {cost} {limits}\n")
    }
}

/// The rule, with a state for each payer and when it was reset.
#[derive(Default)]
struct Model(HashMap<u32, (State, Option<i64>)>);

impl Model {
    /// What the script is to tell.
    fn answer(&mut self, call: &Call) -> Vec<Vec<i64>> {
        let now = UnixMillis(call.at);
        let mut booked: Vec<(Decision, Option<Booking>)> = Vec::new();
        for (payer, limits) in &call.payers {
            let (state, reset) = self.0.entry(*payer).or_default();
            match call.mode {
                "spend" => booked.push(book(state, now, call.cost, limits)),
                "reset" => {
                    state.reset(now);
                    *reset = Some(call.at);
                }
                _ => {}
            }
        }
        let is_spent = !booked.is_empty() && booked.iter().all(|(_, booking)| booking.is_some());
        let told = call.payers.iter().enumerate().map(|(place, (payer, limits))| {
            let (state, reset) = self.0.entry(*payer).or_default();
            let booked = booked.get(place);
            if let (false, Some((_, Some(booking)))) = (is_spent, booked) {
                take_back(state, *booking);
            }
            let decision = booked.filter(|_| is_spent).map(|(decision, _)| *decision);
            let decision = decision.unwrap_or_else(|| peek(state, now, call.cost, limits));
            numbers(&decision, reset.map(|reset| call.at - reset).filter(|age_ms| *age_ms >= 0))
        });
        told.collect()
    }
}

fn numbers(decision: &Decision, reset_age: Option<i64>) -> Vec<i64> {
    let bits = |windows: valora_shared::rate::Windows| -> i64 {
        windows.iter().map(|window| 1 << window as u8).sum()
    };
    let mut numbers = match decision.verdict {
        Verdict::Admitted => vec![0, 0, 0, 0],
        Verdict::Refused(refusal) => {
            vec![1, refusal.retry_after_ms.into(), refusal.longest as i64, bits(refusal.violated)]
        }
        Verdict::TooCostly(windows) => vec![2, 0, 0, bits(windows)],
    };
    numbers.extend(decision.usage.map(|usage| i64::from(usage.used)));
    numbers.extend(decision.usage.map(|usage| i64::from(usage.more_in_ms)));
    numbers.push(reset_age.unwrap_or(-1));
    numbers
}
