//! One client, some isolates with clocks of their own, and its limiter behind a network that takes its time and loses
//! answers: everything in true time, event by event.

use crate::log::{Log, T};
use std::collections::BTreeMap;
use valora_shared::{
    rate::{
        ASK_MS, Ask, Decision, Grant, Limits, Look, Purse, Return, State, Verdict, Waiter, give_back, grant,
    },
    time::UnixMillis,
};

/// A request that waits looks again so much later.
const LOOK_MS: i64 = 5;

#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) limits: Limits,
    /// By isolate, what its clock is ahead of true time.
    pub(crate) offsets: Vec<i64>,
    /// An isolate's clock stands still for so long at a time.
    pub(crate) tick_ms: i64,
    /// Milliseconds of the ways there and back, used in turn.
    pub(crate) latencies: Vec<i64>,
    /// Of so many answers one is lost; 0 for none.
    pub(crate) lost: usize,
    /// After so many asks the limiter's clock steps back by so many milliseconds.
    pub(crate) step_back: Option<(usize, i64)>,
}

pub(crate) struct City {
    terms: Terms,
    limiter: State,
    limiter_offset: i64,
    isolates: Vec<Purse>,
    /// By isolate, when its lease ends in true time: so long after the limiter granted it.
    ends_at: Vec<i64>,
    /// By true time, and in the order in which they were arranged.
    events: BTreeMap<(i64, u64), Event>,
    arranged: u64,
    messages: usize,
    now: i64,
    pub(crate) spent: Log,
    pub(crate) passed: u32,
    pub(crate) refused: Vec<(i64, u32, Decision)>,
    pub(crate) alone: u32,
    pub(crate) died: u32,
    pub(crate) asks: usize,
    pub(crate) returns: usize,
}

#[derive(Clone, Copy)]
enum Event {
    Look(Request),
    Asked(Request, u32, Ask, i64),
    Answered(Request, u32, Grant, i64),
    TimedOut(Request, u32),
    GiveBack(usize, u32),
    Returned(Return),
}

#[derive(Clone, Copy)]
struct Request {
    isolate: usize,
    cost: u32,
    waiter: Waiter,
}

impl City {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            isolates: vec![Purse::default(); terms.offsets.len()],
            ends_at: vec![0; terms.offsets.len()],
            terms,
            limiter: State::default(),
            limiter_offset: 12_345,
            events: BTreeMap::new(),
            arranged: 0,
            messages: 0,
            now: T,
            spent: Log::default(),
            passed: 0,
            refused: Vec::new(),
            alone: 0,
            died: 0,
            asks: 0,
            returns: 0,
        }
    }

    /// A request will come so many milliseconds after the start.
    pub(crate) fn request(&mut self, at: i64, isolate: usize, cost: u32) {
        let request = Request { isolate, cost, waiter: Waiter::default() };
        self.arrange(T + at, Event::Look(request));
    }

    /// Until nothing happens any more.
    pub(crate) fn run(&mut self) {
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            self.happen(event);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Look(mut request) => {
                let now = self.clock_of(request.isolate);
                match self.isolates[request.isolate].look(now, request.cost, &mut request.waiter) {
                    Look::Wait => self.arrange(self.now + LOOK_MS, Event::Look(request)),
                    Look::Ask(number, ask) => {
                        self.asks += 1;
                        let at = self.now + self.latency();
                        self.arrange(at, Event::Asked(request, number, ask, self.now));
                    }
                    other => self.done(request, other),
                }
            }
            Event::Asked(request, number, ask, asked_at) => {
                if let Some((asks, back)) = self.terms.step_back
                    && self.asks.is_multiple_of(asks)
                {
                    self.limiter_offset -= back;
                }
                let now = self.clock_of_limiter();
                let grant = grant(&mut self.limiter, now, &ask, &self.terms.limits);
                // What it is after it was stored and read again.
                self.limiter = State::from_bytes(&self.limiter.to_bytes()).unwrap();
                let at = self.now + self.latency();
                let is_lost = self.terms.lost > 0 && self.messages.is_multiple_of(self.terms.lost);
                if is_lost && self.messages.is_multiple_of(2) {
                    // With the answer the request died that waited for it.
                    self.died += 1;
                } else if is_lost || at > asked_at + ASK_MS {
                    self.arrange(asked_at + ASK_MS, Event::TimedOut(request, number));
                } else {
                    self.arrange(at, Event::Answered(request, number, grant, self.now));
                }
            }
            Event::Answered(request, number, grant, granted_at) => {
                let now = self.clock_of(request.isolate);
                let purse = &mut self.isolates[request.isolate];
                let look = purse.land(now, number, &grant);
                if let Some(lease) = grant.lease {
                    self.ends_at[request.isolate] = granted_at + i64::from(lease.life_ms);
                }
                if let Some((id, ms)) = purse.gives_back(now) {
                    self.arrange(self.now + i64::from(ms), Event::GiveBack(request.isolate, id));
                }
                self.done(request, look);
            }
            Event::TimedOut(request, number) => {
                let now = self.clock_of(request.isolate);
                self.isolates[request.isolate].fail(now, number);
                self.done(request, Look::Alone);
            }
            Event::GiveBack(isolate, id) => {
                let now = self.clock_of(isolate);
                if let Some(returned) = self.isolates[isolate].give_back(now, id) {
                    self.returns += 1;
                    let at = self.now + self.latency();
                    self.arrange(at, Event::Returned(returned));
                }
            }
            Event::Returned(returned) => {
                let now = self.clock_of_limiter();
                give_back(&mut self.limiter, now, returned);
            }
        }
    }

    fn done(&mut self, request: Request, look: Look) {
        match look {
            Look::Paid => {
                // What the proof rests on, whether or not a window is full.
                assert!(self.now <= self.ends_at[request.isolate], "spent after its lease has ended");
                self.passed += 1;
                self.spent.add(self.now, request.cost);
            }
            Look::Refused(decision) => {
                assert_ne!(decision.verdict, Verdict::Admitted);
                self.refused.push((self.now, request.cost, decision));
            }
            Look::Alone => self.alone += 1,
            Look::Wait | Look::Ask(..) => panic!("it goes on"),
        }
    }

    fn arrange(&mut self, at: i64, event: Event) {
        self.arranged += 1;
        self.events.insert((at.max(self.now), self.arranged), event);
    }

    fn latency(&mut self) -> i64 {
        self.messages += 1;
        self.terms.latencies[self.messages % self.terms.latencies.len()]
    }

    fn clock_of(&self, isolate: usize) -> UnixMillis {
        let at = self.now + self.terms.offsets[isolate];
        UnixMillis(at - at.rem_euclid(self.terms.tick_ms))
    }

    fn clock_of_limiter(&self) -> UnixMillis {
        UnixMillis(self.now + self.limiter_offset)
    }
}
