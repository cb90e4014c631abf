//! What the vectors are about: names, limits and calls. [`crate::model`] says what is expected of them.

use crate::log::T;
use serde_json::{Value, json};

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) limits: [i64; 3],
    pub(crate) calls: Vec<Value>,
}

const GUIDES: [i64; 3] = [60, 1_000, 10_000];
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn scenario(name: &'static str, limits: [i64; 3], calls: impl IntoIterator<Item = Value>) -> Scenario {
    Scenario { name, limits, calls: calls.into_iter().collect() }
}

fn step(at: i64, cost: i64) -> Value {
    json!({"at": T + at, "cost": cost})
}

fn ones(at: impl IntoIterator<Item = i64>) -> Vec<Value> {
    at.into_iter().map(|at| step(at, 1)).collect()
}

fn peek(at: i64, cost: i64) -> Value {
    json!({"at": T + at, "peek": cost})
}

fn grant(at: i64, cost: i64, wish: i64) -> Value {
    json!({"at": T + at, "grant": {"cost": cost, "wish": wish, "life_ms": 2_000}})
}

fn give_back(at: i64, id: i64, tokens: i64) -> Value {
    json!({"at": T + at, "return": {"id": id, "tokens": tokens}})
}

/// Numbers that are the same each time (the generator of Numerical Recipes).
fn random(seed: u32) -> impl FnMut(i64) -> i64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(state >> 8) % below
    }
}

/// Of `step` and `peek`.
#[expect(clippy::too_many_lines, reason = "a list")]
pub(crate) fn steps() -> Vec<Scenario> {
    vec![
        scenario(
            "a client's first requests",
            GUIDES,
            [peek(0, 1), step(0, 1), step(1, 5), peek(2, 1), step(999, 1)],
        ),
        scenario(
            "a request at 0.9 s counts for one at 60.0 s and at 60.9 s, and at 61.0 s no more",
            [1, 100, 100],
            ones([900, 60_000, 60_900, 60_999, 61_000, 121_999, 122_000]),
        ),
        scenario(
            "the first millisecond of a bucket and the last count equally long",
            [2, 100, 100],
            ones([0, 999, 60_000, 60_999, 61_000, 61_000, 61_001]),
        ),
        scenario(
            "no second allowance with the clock's new minute, hour and day",
            [3, 9, 9],
            ones([59_000, 59_998, 59_999, 60_000, 60_001, 61_000, 118_999, 119_000, 120_000, 120_001]),
        ),
        scenario(
            "the hour slides by the minute",
            [50, 2, 100],
            ones([59_999, 60_000, HOUR, HOUR + 59_999, HOUR + MINUTE, HOUR + MINUTE, HOUR + 2 * MINUTE - 1])
                .into_iter()
                .chain(ones([HOUR + 2 * MINUTE, HOUR + 2 * MINUTE + 1])),
        ),
        scenario(
            "the day slides by the quarter of an hour",
            [50, 50, 2],
            ones([899_999, 900_000, DAY, DAY + 899_999, DAY + 900_000, DAY + 900_000, DAY + 1_799_999])
                .into_iter()
                .chain(ones([DAY + 1_800_000, DAY + 1_800_001])),
        ),
        scenario(
            "all windows or none, and what is refused costs nothing",
            [5, 8, 12],
            [(0, 4), (100, 2), (200, 1), (300, 1), (61_000, 4), (61_100, 3), (61_200, 3), (3_720_000, 5)]
                .map(|(at, cost)| step(at, cost))
                .into_iter()
                .chain([step(3_720_100, 1), peek(3_720_200, 0), step(3_720_300, 0), peek(3_790_000, 4)]),
        ),
        scenario(
            "retry after is when enough has left, not when something has",
            [10, 100, 100],
            [
                (500, 3),
                (10_500, 3),
                (20_500, 4),
                (30_000, 1),
                (30_000, 3),
                (30_000, 4),
                (30_000, 7),
                (30_000, 10),
            ]
            .map(|(at, cost)| step(at, cost))
            .into_iter()
            .chain([step(60_999, 3), step(61_000, 3), step(61_000, 1)]),
        ),
        scenario(
            "the window that takes longest says when",
            [2, 3, 4],
            ones([
                0,
                10_000,
                20_000,
                62_000,
                63_000,
                64_000,
                3_661_000,
                3_662_000,
                3_663_000,
                DAY + 899_999,
                DAY + 900_000,
            ]),
        ),
        scenario(
            "of windows that take equally long the shortest says when",
            [1, 2, 9],
            ones([0, 3_599_000, 3_600_000, 3_659_999, 3_660_000]),
        ),
        scenario(
            "what costs more than a limit never fits",
            [5, 3, 9],
            [step(0, 3), step(0, 4), step(0, 6), step(0, 10), step(0, 1), peek(0, 3)],
        ),
        scenario("nothing is allowed", [0, 0, 0], [step(0, 1), step(0, 0), peek(0, 1)]),
        scenario(
            "time stands still while the clock is behind, and the wait is by the clock",
            [3, 100, 100],
            [(30_000, 1), (10_000, 1), (-90_000, 1), (10_000, 1), (30_000, 1), (90_999, 1), (91_000, 1)]
                .map(|(at, cost)| step(at, cost))
                .into_iter()
                .chain([peek(-1_000_000, 3), step(91_000, 3)]),
        ),
        scenario("a client that comes back after days is new", [2, 3, 4], {
            let mut calls = ones([0, 1, 2, 61_001]);
            calls.extend(ones([3 * DAY, 3 * DAY + 1, 3 * DAY + 2]));
            calls
        }),
        scenario("a second's burst of all that a minute allows", GUIDES, {
            let mut calls = vec![step(500, 59)];
            calls.extend(ones([600, 700, 60_999, 61_000]));
            calls.push(step(61_001, 59));
            calls.push(step(61_002, 60));
            calls
        }),
        scenario("high limits", [16_777_215, 16_777_215, 16_777_215], {
            [
                step(0, 16_777_214),
                step(0, 2),
                step(0, 1),
                step(59_000, 1),
                step(61_000, 100_000),
                peek(62_000, 0),
            ]
        }),
        scenario("at random, the minute is short", [7, 1_000, 1_000], {
            let mut random = random(1);
            let mut at = 0;
            (0..60).map(move |_| {
                at += [0, 250, 1_000, 7_000, 31_000][usize::try_from(random(5)).unwrap()] + random(700);
                step(at, 1 + random(3))
            })
        }),
        scenario("at random, all three are short", [4, 9, 15], {
            let mut random = random(2);
            let mut at = 0;
            (0..80).map(move |_| {
                at += [0, 900, 20_000, 400_000, 3_000_000][usize::try_from(random(5)).unwrap()]
                    + random(60_000);
                step(at, 1 + random(2))
            })
        }),
        scenario("at random, with a clock that steps", [5, 12, 100], {
            let mut random = random(3);
            let mut at = 0;
            (0..60).map(move |_| {
                at += random(30_000) - if random(6) == 0 { 80_000 } else { 0 };
                step(at, 1 + random(2))
            })
        }),
    ]
}

/// Of `grant`, `return` and whatever comes between them.
#[expect(clippy::too_many_lines, reason = "a list")]
pub(crate) fn leases() -> Vec<Scenario> {
    vec![
        scenario("a quarter of what remains, and the last ones exactly", [16, 100, 100], {
            let mut calls: Vec<Value> = (0..12).map(|_| grant(0, 1, 100)).collect();
            calls.extend([grant(10, 5, 5), grant(20, 1, 0), grant(20, 17, 17), grant(63_000, 1, 1)]);
            calls
        }),
        scenario(
            "a lease is booked in the bucket of its expiry",
            [10, 100, 100],
            [
                grant(999, 2, 2),
                grant(1_000, 8, 8),
                peek(60_999, 1),
                peek(62_999, 1),
                peek(63_000, 3),
                step(63_000, 2),
                peek(63_999, 1),
                step(64_000, 8),
                step(64_000, 1),
            ],
        ),
        scenario(
            "tokens of the last minute are not spent beside those of the next",
            [60, 1_000, 10_000],
            [
                grant(59_999, 60, 60),
                grant(119_999, 1, 1),
                grant(120_999, 1, 1),
                step(121_999, 1),
                step(122_000, 1),
                grant(122_000, 59, 59),
                grant(122_000, 1, 1),
            ],
        ),
        scenario(
            "what is ahead counts at once, across the border of each bucket",
            [4, 4, 4],
            [
                grant(899_999, 4, 4),
                step(899_999, 1),
                step(900_000, 1),
                grant(901_999, 1, 1),
                peek(962_000, 4),
            ],
        ),
        scenario(
            "what is left comes back once, in time, and no more than was spare",
            [40, 100, 100],
            [
                grant(0, 1, 8),
                grant(0, 2, 8),
                give_back(500, 1, 3),
                give_back(500, 1, 3),
                give_back(600, 2, 99),
                give_back(700, 3, 1),
                give_back(700, 0, 1),
                grant(1_000, 1, 6),
                give_back(2_999, 3, 5),
                grant(3_000, 1, 6),
                give_back(5_000, 4, 5),
                peek(5_000, 0),
            ],
        ),
        scenario(
            "what came back can be spent again",
            [8, 100, 100],
            [
                grant(0, 1, 2),
                step(0, 6),
                grant(100, 1, 1),
                give_back(200, 1, 1),
                grant(200, 1, 1),
                step(200, 1),
            ],
        ),
        scenario(
            "no life is longer than two seconds, nor is one that is over lent",
            [40, 100, 100],
            [
                json!({"at": T, "grant": {"cost": 1, "wish": 4, "life_ms": 60_000}}),
                json!({"at": T, "grant": {"cost": 1, "wish": 4, "life_ms": 0}}),
                json!({"at": T, "grant": {"cost": 1, "wish": 4, "life_ms": 1}}),
                give_back(0, 2, 3),
                give_back(1, 2, 3),
                give_back(1_999, 1, 2),
                peek(2_000, 0),
            ],
        ),
        scenario("with twelve leases out nobody is lent more than it needs", [900, 9_000, 9_000], {
            let mut calls: Vec<Value> = (0..14).map(|at| grant(at, 1, 3)).collect();
            calls.extend([give_back(20, 5, 0), grant(30, 1, 3), grant(40, 1, 3), grant(2_040, 1, 3)]);
            calls
        }),
        scenario(
            "a clock that steps back books at the time that holds",
            [8, 100, 100],
            [
                grant(10_000, 1, 2),
                grant(-50_000, 1, 2),
                give_back(-50_000, 1, 1),
                grant(-40_000, 6, 6),
                step(-40_000, 1),
                give_back(12_000, 2, 1),
                peek(73_000, 8),
            ],
        ),
        scenario("at random", [30, 200, 500], {
            let mut random = random(4);
            let (mut at, mut id) = (0, 0);
            (0..120).map(move |_| {
                at += [0, 0, 100, 900, 6_000][usize::try_from(random(5)).unwrap()] + random(300);
                match random(5) {
                    0 => step(at, 1 + random(2)),
                    1 => {
                        id += 1;
                        give_back(at, id, random(4))
                    }
                    _ => grant(at, 1 + random(2), random(12)),
                }
            })
        }),
    ]
}
