//! tests/vectors/rate/: written by the model, held to by the rule here, in the form in which the Durable Object is asked
//! and keeps its state, by the origin's memory (origin/src/limit/), and by the Redis script (tests/).
//!
//! `cargo test -p valora-shared --test rate -- --ignored write_the_vectors` writes them anew.

use crate::{
    model::{Mistake, Model},
    scenarios::{self, Scenario},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{fmt::Write as _, fs, path::PathBuf};
use valora_shared::{
    rate::{Ask, Call, Decision, Limits, Reply, Return, State, Verdict, Window, give_back, peek, step},
    time::UnixMillis,
};

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/rate").join(file)
}

/// A line for each call, so that a change can be read.
fn written(scenarios: &[Scenario]) -> String {
    let mut text = String::from("[\n");
    for (i, scenario) in scenarios.iter().enumerate() {
        let (name, limits) = (json!(scenario.name), json!(scenario.limits));
        writeln!(text, "  {{\"name\": {name}, \"limits\": {limits}, \"calls\": [").unwrap();
        let mut model = Model::new(scenario.limits, Mistake::None);
        for (j, call) in scenario.calls.iter().enumerate() {
            let mut call = call.clone();
            call["expect"] = model.call(&call);
            let comma = if j + 1 < scenario.calls.len() { "," } else { "" };
            writeln!(text, "    {call}{comma}").unwrap();
        }
        text.push_str(if i + 1 < scenarios.len() { "  ]},\n" } else { "  ]}\n" });
    }
    text.push_str("]\n");
    text
}

fn read(file: &str) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(path(file)).unwrap()).unwrap()
}

#[test]
#[ignore = "it writes the files that the others compare with"]
fn write_the_vectors() {
    fs::write(path("steps.json"), written(&scenarios::steps())).unwrap();
    fs::write(path("leases.json"), written(&scenarios::leases())).unwrap();
}

#[test]
fn the_vectors_are_what_the_model_writes() {
    for (file, scenarios) in [("steps.json", scenarios::steps()), ("leases.json", scenarios::leases())] {
        // As values: in which order serde_json writes members is decided by features of other crates.
        let written: Vec<Value> = serde_json::from_str(&written(&scenarios)).unwrap();
        assert!(read(file) == written, "{file}");
    }
}

#[test]
fn the_rule_answers_as_the_vectors_say() {
    for file in ["steps.json", "leases.json"] {
        for scenario in read(file) {
            let mut state = State::default();
            let of = |window: usize| u32::try_from(scenario["limits"][window].as_u64().unwrap()).unwrap();
            let limits = Limits { minute: of(0), hour: of(1), day: of(2) };
            for (place, call) in scenario["calls"].as_array().unwrap().iter().enumerate() {
                let told = answer(&mut state, call, &limits);
                // As the Durable Object keeps it between two calls.
                state = State::from_bytes(&state.to_bytes()).unwrap();
                assert_eq!(told, call["expect"], "{} call {place}: {call}", scenario["name"]);
            }
        }
    }
}

/// A limiter that counts by a fixed window, is a bucket off, or makes another of the usual mistakes does not pass.
#[test]
fn the_vectors_notice_every_mistake() {
    let notices = |file: &str, mistake: Mistake| {
        read(file).iter().any(|scenario| {
            let limits = [0, 1, 2].map(|window: usize| scenario["limits"][window].as_i64().unwrap());
            let mut model = Model::new(limits, mistake);
            scenario["calls"].as_array().unwrap().iter().any(|call| {
                let told = model.call(call);
                // Only what is decided: that a number beside it differs is not enough.
                ["verdict", "retry_after_ms", "lease", "returned"]
                    .iter()
                    .any(|key| told[key] != call["expect"][key])
            })
        })
    };
    for mistake in Mistake::OF_STEPS {
        assert!(notices("steps.json", mistake), "{mistake:?}");
    }
    for mistake in Mistake::OF_LEASES {
        assert!(notices("leases.json", mistake), "{mistake:?}");
    }
    assert!(!notices("steps.json", Mistake::None) && !notices("leases.json", Mistake::None));
}

fn answer(state: &mut State, call: &Value, limits: &Limits) -> Value {
    let now = UnixMillis(call["at"].as_i64().unwrap());
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    if call["cost"].is_u64() {
        told(&step(state, now, number(&call["cost"]), limits))
    } else if call["peek"].is_u64() {
        let decision = peek(state, now, number(&call["peek"]), limits);
        told(&decision)
    } else if call["grant"].is_object() {
        let ask = &call["grant"];
        let ask = Ask {
            cost: number(&ask["cost"]),
            wish: number(&ask["wish"]),
            life_ms: number(&ask["life_ms"]),
            returned: None,
            may_return_cost: false,
        };
        // As it is asked over there, and answered.
        let sent: Call = crossed(&Call::Ask(ask, *limits));
        let Reply::Granted(granted) = crossed(&state.answer(&sent, now)) else { panic!("no grant: {call}") };
        let mut told = told(&granted.decision);
        told["out"] = granted.out.into();
        if let Some(lease) = granted.lease {
            told["lease"] = json!({
                "id": lease.id, "tokens": lease.tokens, "life_ms": lease.life_ms, "expires_at": lease.expires_at,
            });
        }
        told
    } else {
        let returned = &call["return"];
        let returned = Return { id: number(&returned["id"]), tokens: number(&returned["tokens"]) };
        json!({"returned": give_back(state, now, returned)})
    }
}

fn crossed<T: Serialize + DeserializeOwned>(said: &T) -> T {
    postcard::from_bytes(&postcard::to_allocvec(said).unwrap()).unwrap()
}

fn told(decision: &Decision) -> Value {
    let mut told = match decision.verdict {
        Verdict::Admitted => json!({"verdict": "admitted"}),
        Verdict::Refused(refusal) => json!({
            "verdict": "refused",
            "violated": refusal.violated.iter().map(Window::name).collect::<Vec<_>>(),
            "retry_after_ms": refusal.retry_after_ms,
            "longest": refusal.longest.name(),
        }),
        Verdict::TooCostly(windows) => json!({
            "verdict": "too_costly",
            "violated": windows.iter().map(Window::name).collect::<Vec<_>>(),
        }),
    };
    told["used"] = decision.usage.map(|usage| usage.used).to_vec().into();
    told["more_in_ms"] = decision.usage.map(|usage| usage.more_in_ms).to_vec().into();
    told
}
