//! The rule once more, as plainly as it can be said: a list of all bookings, searched from its start each time, in
//! numbers as JSON has them. It writes the vectors, so that nothing of the code under test says what is right; and with
//! one of its rules changed it shows that the vectors notice.

use serde_json::{Value, json};

/// Name, milliseconds of a bucket, buckets of the window.
const WINDOWS: [(&str, i64, i64); 3] = [("minute", 1_000, 60), ("hour", 60_000, 60), ("day", 900_000, 96)];
const MAX_LIFE_MS: i64 = 2_000;
const MAX_LEASES: usize = 12;

/// What can be got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    /// A new allowance with each minute of the clock.
    FixedWindow,
    /// The running bucket is taken for one of the window's.
    OneBucketTooFew,
    OneBucketTooMany,
    /// What is ahead does not count before its time.
    BlindAhead,
    /// A lease is booked when it is granted.
    BookedAtGrant,
    RefusedCost,
    /// A window that fits is charged though another one does not.
    NotAllOrNothing,
    /// A clock that steps back takes the time with it.
    TimeGoesBack,
    /// What comes back comes back as often as it is said.
    ReturnsTwice,
    ReturnsAfterExpiry,
    /// More comes back than was lent to spare.
    ReturnsTheCost,
    /// A lease takes all that remains.
    NoQuarter,
    /// The wait starts at the latest time and not at what the clock shows.
    WaitFromNewest,
    /// The wait is until something leaves, and not enough.
    WaitForTheFirst,
    /// The wait is for the first window, and not the longest.
    WaitForTheMinute,
    /// Leases without end.
    LongLife,
    ManyLeases,
}

impl Mistake {
    /// Those of one call at a time.
    pub(crate) const OF_STEPS: [Self; 9] = [
        Self::FixedWindow,
        Self::OneBucketTooFew,
        Self::OneBucketTooMany,
        Self::RefusedCost,
        Self::NotAllOrNothing,
        Self::TimeGoesBack,
        Self::WaitFromNewest,
        Self::WaitForTheFirst,
        Self::WaitForTheMinute,
    ];
    pub(crate) const OF_LEASES: [Self; 10] = [
        Self::FixedWindow,
        Self::OneBucketTooFew,
        Self::BlindAhead,
        Self::BookedAtGrant,
        Self::ReturnsTwice,
        Self::ReturnsAfterExpiry,
        Self::ReturnsTheCost,
        Self::NoQuarter,
        Self::LongLife,
        Self::ManyLeases,
    ];
}

/// One client's limiter.
pub(crate) struct Model {
    mistake: Mistake,
    limits: [i64; 3],
    newest: i64,
    /// By window: when and how much.
    booked: [Vec<(i64, i64)>; 3],
    /// Number, expiry, spare.
    leases: Vec<(i64, i64, i64)>,
    last_lease: i64,
}

impl Model {
    pub(crate) fn new(limits: [i64; 3], mistake: Mistake) -> Self {
        Self { mistake, limits, newest: 0, booked: Default::default(), leases: Vec::new(), last_lease: 0 }
    }

    /// What is expected of one call of a vector.
    pub(crate) fn call(&mut self, call: &Value) -> Value {
        let at = call["at"].as_i64().unwrap();
        let number = |value: &Value| value.as_i64().unwrap();
        if let Some(cost) = call["cost"].as_i64() {
            self.step(at, cost)
        } else if let Some(cost) = call["peek"].as_i64() {
            self.heed(at);
            self.told(at, cost)
        } else if call["grant"].is_object() {
            let ask = &call["grant"];
            self.grant(at, number(&ask["cost"]), number(&ask["wish"]), number(&ask["life_ms"]))
        } else {
            let returned = &call["return"];
            json!({"returned": self.give_back(at, number(&returned["id"]), number(&returned["tokens"]))})
        }
    }

    fn step(&mut self, at: i64, cost: i64) -> Value {
        let now = self.heed(at);
        let verdict = self.told(at, cost);
        if verdict["verdict"] == "admitted" || self.mistake == Mistake::RefusedCost {
            self.book(now, cost);
        } else if self.mistake == Mistake::NotAllOrNothing {
            for window in 0..3 {
                if self.used(window, now) + cost <= self.limits[window] {
                    self.booked[window].push((now, cost));
                }
            }
        }
        self.with_usage(at, verdict)
    }

    fn grant(&mut self, at: i64, cost: i64, wish: i64, life_ms: i64) -> Value {
        let now = self.heed(at);
        let mut told = self.told(at, cost);
        told["out"] = self.leases.iter().map(|(_, _, spare)| spare).sum::<i64>().into();
        if told["verdict"] == "admitted" {
            let room = (0..3).map(|window| self.limits[window] - self.used(window, now)).min().unwrap();
            let most = if self.mistake == Mistake::NoQuarter { room } else { room / 4 };
            let is_full = self.leases.len() >= MAX_LEASES && self.mistake != Mistake::ManyLeases;
            let tokens = cost.max(wish.min(if is_full { 0 } else { most }));
            let life_ms = if self.mistake == Mistake::LongLife { life_ms } else { life_ms.min(MAX_LIFE_MS) };
            let expires_at = now + life_ms;
            self.book(if self.mistake == Mistake::BookedAtGrant { now } else { expires_at }, tokens);
            let mut id = 0;
            if tokens > cost && life_ms > 0 {
                self.last_lease += 1;
                id = self.last_lease;
                let spare = if self.mistake == Mistake::ReturnsTheCost { tokens } else { tokens - cost };
                self.leases.push((id, expires_at, spare));
            }
            told["lease"] = json!({"id": id, "tokens": tokens, "life_ms": life_ms, "expires_at": expires_at});
        }
        self.with_usage(at, told)
    }

    fn give_back(&mut self, at: i64, id: i64, tokens: i64) -> i64 {
        self.heed(at);
        let Some(place) = self.leases.iter().position(|(known, _, _)| *known == id) else { return 0 };
        let (_, expires_at, spare) = self.leases[place];
        if self.mistake != Mistake::ReturnsTwice {
            self.leases.remove(place);
        }
        let tokens = tokens.min(spare);
        self.book(expires_at, -tokens);
        tokens
    }

    fn heed(&mut self, at: i64) -> i64 {
        self.newest = if self.mistake == Mistake::TimeGoesBack { at } else { self.newest.max(at) };
        let now = self.newest;
        if self.mistake != Mistake::ReturnsAfterExpiry {
            self.leases.retain(|(_, expires_at, _)| now < *expires_at);
        }
        now
    }

    fn book(&mut self, at: i64, cost: i64) {
        for booked in &mut self.booked {
            booked.push((at, cost));
        }
    }

    /// What counts in a window at a time.
    fn used(&self, window: usize, now: i64) -> i64 {
        let (_, bucket_ms, full) = WINDOWS[window];
        let running = now.div_euclid(bucket_ms);
        let oldest = match self.mistake {
            Mistake::FixedWindow => running - running.rem_euclid(full),
            Mistake::OneBucketTooFew => running - full + 1,
            Mistake::OneBucketTooMany => running - full - 1,
            _ => running - full,
        };
        let newest = if self.mistake == Mistake::BlindAhead { running } else { i64::MAX };
        let counts = |at: &i64| (oldest..=newest).contains(&at.div_euclid(bucket_ms));
        self.booked[window].iter().filter(|(at, _)| counts(at)).map(|(_, cost)| cost).sum()
    }

    /// The first start of a bucket at which a window has so much room, by trying one after the other.
    fn frees_at(&self, window: usize, most_used: i64) -> i64 {
        let (_, bucket_ms, _) = WINDOWS[window];
        let running = self.newest.div_euclid(bucket_ms);
        let starts = (running + 1..).map(|bucket| bucket * bucket_ms);
        starts.take(300).find(|start| self.used(window, *start) <= most_used).unwrap()
    }

    fn told(&self, at: i64, cost: i64) -> Value {
        let names = |is_one: &dyn Fn(usize) -> bool| -> Vec<&str> {
            (0..3).filter(|window| is_one(*window)).map(|window| WINDOWS[window].0).collect()
        };
        let too_low = names(&|window| cost > self.limits[window]);
        let is_violated =
            |window: usize| cost > 0 && self.used(window, self.newest) + cost > self.limits[window];
        let violated = names(&is_violated);
        let verdict = if !too_low.is_empty() {
            json!({"verdict": "too_costly", "violated": too_low})
        } else if violated.is_empty() {
            json!({"verdict": "admitted"})
        } else {
            let from = if self.mistake == Mistake::WaitFromNewest { self.newest } else { at };
            let wait = |window: usize| {
                let used = self.used(window, self.newest);
                let enough = self.limits[window] - cost;
                self.frees_at(
                    window,
                    if self.mistake == Mistake::WaitForTheFirst { used - 1 } else { enough },
                ) - from
            };
            let mut waits: Vec<(i64, &str)> = (0..3)
                .filter(|window| is_violated(*window))
                .map(|window| (wait(window), WINDOWS[window].0))
                .collect();
            if self.mistake != Mistake::WaitForTheMinute {
                // The first of those that take equally long.
                waits.sort_by_key(|(wait, _)| -wait);
            }
            let (retry_after_ms, longest) = waits[0];
            json!({
                "verdict": "refused", "violated": violated, "retry_after_ms": retry_after_ms, "longest": longest,
            })
        };
        self.with_usage(at, verdict)
    }

    fn with_usage(&self, at: i64, mut told: Value) -> Value {
        let used = |window| self.used(window, self.newest);
        let more_in_ms = |window| match used(window) {
            0 => 0,
            used => self.frees_at(window, used - 1) - at,
        };
        told["used"] = [0, 1, 2].map(used).to_vec().into();
        told["more_in_ms"] = [0, 1, 2].map(more_in_ms).to_vec().into();
        told
    }
}
