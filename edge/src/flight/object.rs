//! Inside the object: each call of the wasm is one decision over text that the shell (js/flight.mjs) keeps.

use crate::{isolate, platform, settings::Settings};
use valora_shared::{
    cache::{Answered, Fields, path_of},
    flight::{Call, Desk, Verdict, same_variant, shared_by},
    time::UnixMillis,
};

/// The field that carries the call.
const CALL: &str = "x-valora-flight";

/// A call whose request has these fields: `verdict number milliseconds kept`, and the new desk below.
pub fn admit(desk: &str, fields: &str) -> String {
    let (mut desk, fields) = (Desk::parse(desk), pairs(fields));
    #[cfg(feature = "fault-injection")]
    super::faults::panic_at("admit", Fields(&fields).get(CALL));
    let call = Fields(&fields).get(CALL).and_then(Call::parse);
    let verdict = call.map_or(Verdict::Direct, |call| desk.admit(call, Fields(&fields), platform::now()));
    let (word, number, ms) = match verdict {
        Verdict::Kept(number) => ("kept", number, 0),
        Verdict::Wait(number, ms) => ("wait", number, ms),
        Verdict::Lead(number) => ("lead", number, 0),
        Verdict::Direct => ("direct", 0, 0),
    };
    format!("{word} {number} {ms} {}\n{}", desk.kept().unwrap_or(0), desk.to_text())
}

/// A fetch has ended: `shared` with the names its answer varies by, `alone`, `failed`, or with an `error` of the origin.
pub fn land(desk: &str, number: u32, outcome: &str, names: &str, fields: &str) -> String {
    let (mut desk, fields) = (Desk::parse(desk), pairs(fields));
    #[cfg(feature = "fault-injection")]
    super::faults::panic_at("land", Fields(&fields).get(CALL));
    match outcome {
        "shared" => desk.land(number, list(names), Fields(&fields), platform::now()),
        "alone" => desk.land_alone(number, platform::now()),
        _ => desk.fail(number),
    }
    format!("landed {number} 0 {}\n{}", desk.kept().unwrap_or(0), desk.to_text())
}

/// On which terms an answer may be shared: the most bytes of its body, and below the names it varies by. `facts` begins
/// with when it was sent for and when it came.
pub fn terms(env: &worker::Env, url: &str, status: u16, fields: &str, facts: &str) -> Option<String> {
    let isolate = isolate::current();
    isolate.ensure_settings(|| Settings::from_bindings(env), platform::random_seed);
    let settings = isolate.settings()?.ok()?;
    let mut times = facts.split(' ').map_while(|word| word.parse().ok().map(UnixMillis));
    let (sent_at, received_at) = (times.next()?, times.next()?);
    let fields = pairs(fields);
    let answered = Answered { status, fields: Fields(&fields), sent_at, received_at };
    let names = shared_by(&settings.lifetimes, path_of(url), answered)?;
    Some(format!("{}\n{}", settings.config.cache.cache_max_body.get(), names.join(",")))
}

/// Whether an answer to `leader` answers `waiter`, too.
pub fn fits(names: &str, leader: &str, waiter: &str) -> bool {
    same_variant(&list(names), Fields(&pairs(leader)), Fields(&pairs(waiter)))
}

fn list(names: &str) -> Vec<String> {
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn pairs(listed: &str) -> Vec<(String, String)> {
    crate::js::pairs(listed).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
