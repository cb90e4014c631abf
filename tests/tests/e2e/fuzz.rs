//! A minute of fuzzing, divided among all parsers of the cache. `cargo xtask fuzz NAME --minutes 10` looks longer at one.

use anyhow::Result;
use xtask::fuzz;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![no_input_of_a_minute_breaks_a_parser]
}

fn no_input_of_a_minute_breaks_a_parser() -> Result<()> {
    fuzz::run(&[], 60)
}
