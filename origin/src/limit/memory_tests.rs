use super::*;
use serde_json::Value;
use valora_shared::{
    config::Setting,
    rate::{Verdict, Who},
    trust::{Client, SharedSecret},
};

const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
const LIMITS: Limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
const A_DAY_MS: i64 = 86_400_000 + 900_000;

fn client(number: u32) -> Counted {
    let secret = SharedSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
    let who = Who::Client(Client::User(number.to_string()));
    Counted { name: Name::of(&secret, &who), limits: LIMITS }
}

fn spend(memory: &Memory, number: u32, cost: u32, now: UnixMillis) -> bool {
    memory.book(&[client(number)], cost, now).is_admitted()
}

/// A hundred thousand addresses, of which each asks once, where there is room for a tenth.
#[test]
fn a_flood_of_clients_takes_no_more_memory_and_frees_nobody_who_has_spent_more() {
    let memory = Memory::new(10_000);
    for number in 0..100 {
        assert!(spend(&memory, number, 60, NOW) && !spend(&memory, number, 1, NOW));
    }
    for number in 1_000..101_000 {
        assert!(spend(&memory, number, 1, NOW));
        assert!(memory.len() <= 10_000 + SHARDS);
    }
    assert!(memory.len() > 8_000);
    for number in 0..100 {
        assert!(!spend(&memory, number, 1, NOW.after(59_000)), "client {number} has a second allowance");
    }
}

#[test]
fn a_client_of_whom_nothing_counts_is_forgotten() {
    let memory = Memory::new(10_000);
    (0..2_000).for_each(|number| assert!(spend(&memory, number, 1, NOW)));
    let later = NOW.after(A_DAY_MS);
    (5_000..6_000).for_each(|number| assert!(spend(&memory, number, 1, later)));
    assert!(memory.len() <= 1_000 + 10, "{} are known", memory.len());
}

#[test]
fn all_pay_or_none() {
    let memory = Memory::new(10_000);
    assert!(spend(&memory, 1, 59, NOW));
    let both = [client(2), client(1)];
    assert!(!memory.book(&both, 2, NOW).is_admitted());
    assert_eq!(memory.look(client(2).name, NOW, &LIMITS), peek(&State::default(), NOW, 1, &LIMITS));
    let booked = memory.book(&both, 1, NOW);
    assert!(booked.is_admitted() && !spend(&memory, 1, 1, NOW));
    memory.take_back(&booked);
    assert!(spend(&memory, 1, 1, NOW) && !spend(&memory, 1, 1, NOW));
    assert!(spend(&memory, 2, 60, NOW));
}

/// More threads than shards' neighbours, all at one client.
#[test]
fn no_more_pass_than_may_however_many_ask_at_once() {
    let memory = Memory::new(10_000);
    let passed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..100).filter(|_| spend(&memory, 1, 1, NOW)).count())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 60);
}

#[test]
fn a_reset_elsewhere_frees_of_what_was_spent_before_it_and_of_nothing_else() {
    let memory = Memory::new(10_000);
    let clients = [client(1)];
    // Whether there was anything to forget.
    let obey = |reset_age_ms, now| {
        let before = memory.book(&clients, 1, now);
        let decision = peek(&State::default(), NOW, 1, &LIMITS);
        memory.obey_resets(&clients, &[Told { decision, reset_age_ms: Some(reset_age_ms) }], now, now);
        memory.is_outdated(&before, &clients)
    };
    assert!(spend(&memory, 1, 60, NOW));
    // Ten hours ago, long before this replica knew the client: while Redis was away it let it through alone.
    assert!(!obey(36_000_000, NOW.after(1_000)));
    assert!(!spend(&memory, 1, 1, NOW.after(1_000)));
    // Half a second ago.
    assert!(obey(500, NOW.after(2_000)));
    assert!(spend(&memory, 1, 60, NOW.after(2_000)));
    // The same one, once more.
    assert!(!obey(1_500, NOW.after(3_000)));
    // Its own.
    memory.reset(client(1).name, NOW.after(4_000));
    assert!(!obey(1_000, NOW.after(5_000)));
}

#[test]
fn what_goes_through_while_its_client_is_forgotten_is_the_first_it_has_spent_anew() {
    let memory = Memory::new(10_000);
    let clients = [client(1)];
    let mut under_way: Vec<Booked> = (0..20).map(|_| memory.book(&clients, 1, NOW)).collect();
    memory.reset(client(1).name, NOW);
    for (number, booked) in (1..).zip(&mut under_way) {
        memory.hold(booked, &clients, NOW);
        memory.hold(booked, &clients, NOW);
        assert_eq!(booked.decisions[0].usage[0].used, number);
    }
    assert!(spend(&memory, 1, 40, NOW) && !spend(&memory, 1, 1, NOW));
    memory.take_back(&under_way[0]);
    assert!(spend(&memory, 1, 1, NOW));
}

#[test]
fn what_is_taken_back_was_never_spent_by_who_came_after() {
    let memory = Memory::new(1);
    let first = memory.book(&[client(1)], 5, NOW);
    // Until the first is forgotten.
    (2..2_000).for_each(|number| drop(memory.book(&[client(number)], 60, NOW)));
    assert!(spend(&memory, 1, 60, NOW));
    memory.take_back(&first);
    assert!(!spend(&memory, 1, 1, NOW));
}

#[test]
fn of_two_refusals_the_longer_is_told() {
    let memory = Memory::new(10_000);
    let both = [client(1), client(2)];
    assert!(spend(&memory, 1, 60, NOW) && spend(&memory, 2, 60, NOW.after(40_000)));
    let now = NOW.after(41_000);
    let refused = memory.book(&both, 1, now);
    memory.keep(&both, &refused.decisions, 1, now);
    assert_eq!(memory.kept(&both, 1, now).unwrap().verdict.wait_ms(), 60_000);
}

/// tests/vectors/rate/steps.json, by a memory as a request uses it.
#[test]
fn it_answers_as_the_vectors_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/rate/steps.json");
    let scenarios: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let memory = Memory::new(10_000);
    for (place, scenario) in (0..).zip(&scenarios) {
        let limits = &scenario["limits"];
        let limits = Limits { minute: number(&limits[0]), hour: number(&limits[1]), day: number(&limits[2]) };
        let client = Counted { limits, ..client(place) };
        for call in scenario["calls"].as_array().unwrap() {
            let (now, expected) = (UnixMillis(call["at"].as_i64().unwrap()), &call["expect"]);
            let decision = match &call["cost"] {
                // A look is always for a cost of 1 here, and what it would be told is the rule's own.
                Value::Null if call["peek"] != 1 => continue,
                Value::Null => memory.look(client.name, now, &limits),
                cost => memory.book(&[client], number(cost), now).decisions[0],
            };
            let verdict = match decision.verdict {
                Verdict::Admitted => "admitted",
                Verdict::Refused(refusal) => {
                    assert_eq!(expected["retry_after_ms"], refusal.retry_after_ms, "{call}");
                    "refused"
                }
                Verdict::TooCostly(_) => "too_costly",
            };
            let used = decision.usage.map(|usage| usage.used);
            let more_in_ms = decision.usage.map(|usage| usage.more_in_ms);
            assert_eq!(expected["verdict"], verdict, "{call}");
            assert_eq!(expected["used"], serde_json::json!(used), "{call}");
            assert_eq!(expected["more_in_ms"], serde_json::json!(more_in_ms), "{call}");
        }
    }
    assert!(scenarios.len() > 5);
}
