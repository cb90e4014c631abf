//! The real Worker in the real workerd in front of the real origin, over sockets.
//!
//! `cargo test -p valora-tests --test e2e [FILTER]`. What only reads shares a system; what kills, freezes or fills
//! something has one of its own. All of them are ended before the last line is printed.

#[macro_use]
#[path = "support/harness.rs"]
mod harness;

#[path = "e2e/accounts.rs"]
mod accounts;
#[path = "e2e/api.rs"]
mod api;
#[path = "e2e/audit.rs"]
mod audit;
#[path = "e2e/border.rs"]
mod border;
#[path = "e2e/cache.rs"]
mod cache;
#[path = "e2e/conformance.rs"]
mod conformance;
#[path = "e2e/cors.rs"]
mod cors;
#[path = "e2e/delivery.rs"]
mod delivery;
#[path = "e2e/errors.rs"]
mod errors;
#[path = "e2e/events.rs"]
mod events;
#[path = "e2e/flight.rs"]
mod flight;
#[path = "e2e/fuzz.rs"]
mod fuzz;
#[path = "e2e/hostile.rs"]
mod hostile;
#[path = "e2e/hub.rs"]
mod hub;
#[path = "e2e/import.rs"]
mod import;
#[path = "e2e/kv_faults.rs"]
mod kv_faults;
#[path = "e2e/limit.rs"]
mod limit;
#[path = "e2e/limit_alarm.rs"]
mod limit_alarm;
#[path = "e2e/limit_rules.rs"]
mod limit_rules;
#[path = "e2e/origin_away.rs"]
mod origin_away;
#[path = "e2e/origin_cache.rs"]
mod origin_cache;
#[path = "e2e/origin_gone.rs"]
mod origin_gone;
#[path = "e2e/panics.rs"]
mod panics;
#[path = "e2e/price_changes.rs"]
mod price_changes;
#[path = "e2e/products.rs"]
mod products;
#[path = "e2e/purge.rs"]
mod purge;
#[path = "e2e/redis.rs"]
mod redis;
#[path = "e2e/redis_limit.rs"]
mod redis_limit;
#[path = "e2e/redis_script.rs"]
mod redis_script;
#[path = "e2e/replicas.rs"]
mod replicas;
#[path = "e2e/schemathesis.rs"]
mod schemathesis;
#[path = "e2e/settings.rs"]
mod settings;
#[path = "e2e/systems.rs"]
mod systems;
#[path = "e2e/wrangler_dev.rs"]
mod wrangler_dev;

use std::process::ExitCode;

use xtask::system::SystemOptions;
use xtask::worker::{self, WorkerVariant};

fn main() -> ExitCode {
    let trials = [
        // The slow ones first: the others run beside them.
        price_changes::trials(),
        origin_gone::trials(),
        replicas::trials(),
        delivery::trials(),
        schemathesis::trials(),
        conformance::trials(),
        fuzz::trials(),
        wrangler_dev::trials(),
        origin_away::trials(),
        origin_cache::trials(),
        redis::trials(),
        redis_limit::trials(),
        redis_script::trials(),
        import::trials(),
        flight::trials(),
        panics::trials(),
        kv_faults::trials(),
        settings::trials(),
        hub::trials(),
        audit::trials(),
        events::trials(),
        accounts::trials(),
        api::trials(),
        border::trials(),
        cache::trials(),
        cors::trials(),
        errors::trials(),
        hostile::trials(),
        products::trials(),
        purge::trials(),
        // When the others have ended: a machine too busy for a limiter to answer in a second is another test.
        limit::trials(),
        limit_rules::trials(),
        limit_alarm::trials(),
    ];
    let build = || {
        SystemOptions::new("").build()?;
        worker::build(WorkerVariant::Faults)?;
        xtask::schemathesis::ensure()?;
        xtask::apt::ensure(&[xtask::apt::REDIS_SERVER])?;
        xtask::conformance::ensure()?;
        xtask::fuzz::build()
    };
    harness::run(trials.into_iter().flatten().collect(), build, systems::end)
}
