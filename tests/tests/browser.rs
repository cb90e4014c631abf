//! The same system behind a real browser: what only a browser checks (policies, CORS, scripts) is checked by one.
//!
//! `cargo test -p valora-tests --test browser`; needs Chromium, which `cargo xtask test browser` installs.

#[macro_use]
#[path = "support/harness.rs"]
mod harness;

#[path = "browser/cross_origin.rs"]
mod cross_origin;
#[path = "browser/driver.rs"]
mod driver;
#[path = "browser/shop.rs"]
mod shop;

use std::process::ExitCode;

use xtask::system::SystemOptions;

fn main() -> ExitCode {
    let trials = [shop::trials(), cross_origin::trials()].into_iter().flatten().collect();
    harness::run(trials, || SystemOptions::new("").build(), || ())
}
