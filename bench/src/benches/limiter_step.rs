//! How long one decision of the rate limit takes: the rule itself, which runs in the limiter's object, in isolates that
//! decide alone and in the origin.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use valora_shared::rate::{Limits, State, step};
use valora_shared::time::UnixMillis;

use crate::report::{Block, Budget, Table};
use crate::statistics::Spread;

const STEPS: u32 = 100_000;
const ROUNDS: usize = 20;
/// Where time begins: a moment of 2026, in no bucket's first millisecond.
const BEGIN: i64 = 1_790_000_000_123;
/// Far from all that the clients below reach, so that each step is counted in all three windows.
const LIMITS: Limits = Limits { minute: 16_000, hour: 900_000, day: 16_000_000 };
/// Clients by the time between two of their requests: many in one bucket of the minute, one in each, empty ones
/// between, and none that another one meets.
const CLIENTS: [(&str, i64); 4] =
    [("20 a second", 50), ("one a second", 1_000), ("one in 40 s", 40_000), ("one in 700 s", 700_000)];

/// A client that asks again and again at the same distance.
struct Client {
    state: State,
    now: i64,
    gap_ms: i64,
}

pub(crate) fn run() -> Result<Block> {
    let text = format!(
        "`valora_shared::rate::step`: three sliding windows, all or nothing, for one client whose state is in the \
         processor's cache. {STEPS} steps a round, the best of {ROUNDS} rounds: the others tell how busy the machine is. \
         For scale, three GCRA limits in a row of one number each, which know neither windows nor what is left of them."
    );
    let mut block = Block::new("Rate limit: one decision", text);
    let mut table = Table::new(&["a client that asks", "ns, best (median) round", "bytes stored", "to GCRA"]);
    let mut bucket = Gcra::default();
    let gcra = nanoseconds(|| bucket.admits());
    let mut slowest: f64 = 0.0;
    for (name, gap_ms) in CLIENTS {
        let mut client = Client { state: State::default(), now: BEGIN, gap_ms };
        let taken = nanoseconds(|| client.is_admitted());
        ensure!(client.is_admitted(), "a client that asks {name} was to be counted, not refused");
        slowest = slowest.max(taken.best);
        let (stored, ratio) = (client.state.to_bytes().len(), taken.best / gcra.best);
        table.push(&[name.to_owned(), taken.shown(), stored.to_string(), format!("{ratio:.0}")]);
    }
    table.push(&["GCRA".to_owned(), gcra.shown(), "24".to_owned(), "1".to_owned()]);
    block.tables.push(table);
    block.budgets.push(Budget::at_most("a step of the slowest", 150.0, slowest, |ns| format!("{ns:.0} ns")));
    Ok(block)
}

/// What a call takes.
struct Taken {
    best: f64,
    median: f64,
}

impl Taken {
    fn shown(&self) -> String {
        format!("{:.1} ({:.1})", self.best, self.median)
    }
}

fn nanoseconds(mut call: impl FnMut() -> bool) -> Taken {
    let rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..STEPS {
                black_box(call());
            }
            begin.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS)
        })
        .collect();
    let best = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    Taken { best, median: Spread::of(rounds).median }
}

impl Client {
    fn is_admitted(&mut self) -> bool {
        self.now += self.gap_ms;
        step(black_box(&mut self.state), UnixMillis(self.now), 1, black_box(&LIMITS)).is_admitted()
    }
}

/// Three of the generic cell rate algorithm: of each window the time at which it would be empty again.
#[derive(Default)]
struct Gcra {
    now: i64,
    empty_at: [i64; 3],
}

impl Gcra {
    /// For a client that asks 20 times a second.
    fn admits(&mut self) -> bool {
        self.now += 50;
        let limits = [(60_000, LIMITS.minute), (3_600_000, LIMITS.hour), (86_400_000, LIMITS.day)];
        let fits = limits.iter().zip(&self.empty_at).all(|((window_ms, limit), empty_at)| {
            let one_ms = window_ms / i64::from(*black_box(limit)).max(1);
            (*empty_at).max(self.now) + one_ms - self.now <= *window_ms
        });
        if fits {
            for ((window_ms, limit), empty_at) in limits.iter().zip(&mut self.empty_at) {
                *empty_at = (*empty_at).max(self.now) + window_ms / i64::from(*black_box(limit)).max(1);
            }
        }
        fits
    }
}
