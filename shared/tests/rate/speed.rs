//! How long a step takes. Run by hand:
//! `cargo test --release -p valora-shared --test rate -- --ignored --nocapture how_long`.
//!
//! Seen on two shared cores, the best of ten rounds: 54 ns for a client of 20 requests a second, 85 ns at one a second,
//! 146 ns at one in 40 s (which has 39 empty seconds to skip and to make each time), 130 ns at one in 700 s.

use crate::log::T;
use std::{hint::black_box, time::Instant};
use valora_shared::{
    rate::{Limits, State, step},
    time::UnixMillis,
};

/// The budget is 150 ns in release.
#[test]
#[ignore = "it measures, which is only worth something in release"]
fn how_long_a_step_takes() {
    const STEPS: i64 = 100_000;
    let limits = Limits { minute: 600, hour: 36_000, day: 800_000 };
    for (name, gap_ms) in [
        ("busy, 20 a second", 50),
        ("one a second", 1_000),
        ("one in 40 s", 40_000),
        ("one in 700 s", 700_000),
    ] {
        let mut state = State::default();
        let (mut admitted, mut best, mut now) = (0_u32, u128::MAX, T);
        // The best of ten: the others tell how busy the machine is.
        for _ in 0..10 {
            let started = Instant::now();
            for _ in 0..STEPS {
                now += gap_ms;
                let decision = step(black_box(&mut state), UnixMillis(now), 1, black_box(&limits));
                admitted += u32::from(black_box(decision).is_admitted());
            }
            best = best.min(started.elapsed().as_nanos());
        }
        let ns = best / u128::try_from(STEPS).unwrap();
        println!("{name}: {ns} ns a step, {admitted} admitted, {} B stored", state.to_bytes().len());
    }
}
