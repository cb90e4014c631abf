use super::{watching::look, *};

const NOW: i64 = 1_790_000_000_000;
const GIVE_UP: UnixMillis = UnixMillis(NOW + 10_000);

fn at(ms: i64) -> UnixMillis {
    UnixMillis(NOW + ms)
}

fn key(n: usize) -> CacheKey {
    CacheKey::from_url(&format!("/api/products/{n}")).unwrap()
}

fn begin(underway: &mut Underway, ms: i64) -> Option<Mark> {
    underway.begin(&key(1), at(ms), at(ms + OWNER_MS))
}

fn seen(underway: &mut Underway, since: u64, ms: i64) -> Option<Watched> {
    look(underway, &key(1), since, at(ms), GIVE_UP)
}

#[test]
fn one_begins_and_the_others_watch_until_it_ends() {
    let mut underway = Underway::default();
    let mark = begin(&mut underway, 0).unwrap();
    assert_eq!(begin(&mut underway, 10), None);
    assert!(underway.begin(&key(2), at(10), at(20)).is_some(), "another key is another matter");
    let since = underway.count;
    assert_eq!(seen(&mut underway, since, 10), None);
    underway.finish(mark, Outcome::Stored, at(100));
    assert_eq!(seen(&mut underway, since, 1_099), Some(Watched::Stored));
    assert_eq!(underway.state(&key(1), at(100)), State::Idle);
}

#[test]
fn who_comes_after_an_end_is_not_told_of_it() {
    let mut underway = Underway::default();
    let mark = begin(&mut underway, 0).unwrap();
    underway.finish(mark, Outcome::Stored, at(100));
    let since = underway.count;
    assert!(matches!(seen(&mut underway, since, 101), Some(Watched::TakeOver(_))));
}

#[test]
fn an_end_is_seen_even_when_somebody_has_begun_anew() {
    let mut underway = Underway::default();
    let mark = begin(&mut underway, 0).unwrap();
    let since = underway.count;
    underway.finish(mark, Outcome::Stored, at(50));
    let _anew = begin(&mut underway, 51).unwrap();
    assert_eq!(seen(&mut underway, since, 52), Some(Watched::Stored));
    let since = underway.count;
    assert_eq!(seen(&mut underway, since, 52), None, "who came later waits for the later one");
}

#[test]
fn a_failure_is_told_to_all_who_watched() {
    let mut underway = Underway::default();
    let mark = begin(&mut underway, 0).unwrap();
    let since = underway.count;
    underway.finish(mark, Outcome::Failed(Failure::Unreachable), at(5));
    for ms in [10, 20] {
        assert_eq!(seen(&mut underway, since, ms), Some(Watched::Failed(Failure::Unreachable)));
    }
}

#[test]
fn a_failure_that_comes_after_anothers_answer_is_nobodys() {
    let mut underway = Underway::default();
    let slow = begin(&mut underway, 0).unwrap();
    let second = begin(&mut underway, OWNER_MS).unwrap();
    underway.finish(second, Outcome::Stored, at(OWNER_MS + 100));
    underway.finish(slow, Outcome::Failed(Failure::Timeout), at(10_000));
    assert!(begin(&mut underway, 10_001).is_some());
}

#[test]
fn who_comes_just_after_a_failure_does_not_ask_anew() {
    let mut underway = Underway::default();
    let mark = begin(&mut underway, 0).unwrap();
    underway.finish(mark, Outcome::Failed(Failure::ServerError), at(5));
    for ms in [6, 1_004] {
        assert_eq!(begin(&mut underway, ms), None);
        let since = underway.count;
        assert_eq!(seen(&mut underway, since, ms), Some(Watched::Failed(Failure::ServerError)));
    }
    assert!(begin(&mut underway, 1_005).is_some());
}

#[test]
fn after_the_deadline_the_first_takes_over_and_the_rest_go_on_watching() {
    let mut underway = Underway::default();
    let slow = begin(&mut underway, 0).unwrap();
    let since = underway.count;
    assert_eq!(seen(&mut underway, since, OWNER_MS - 1), None);
    let Some(Watched::TakeOver(second)) = seen(&mut underway, since, OWNER_MS) else {
        panic!("nobody takes over")
    };
    assert_eq!(seen(&mut underway, since, OWNER_MS), None);
    underway.finish(slow, Outcome::Failed(Failure::Timeout), at(2_500));
    assert_eq!(seen(&mut underway, since, 2_500), None, "its failure is not the second one's");
    underway.finish(second, Outcome::Stored, at(2_600));
    assert_eq!(seen(&mut underway, since, 2_600), Some(Watched::Stored));
}

#[test]
fn a_success_after_the_deadline_serves_all_who_watch() {
    let mut underway = Underway::default();
    let slow = begin(&mut underway, 0).unwrap();
    let since = underway.count;
    let second = begin(&mut underway, OWNER_MS).unwrap();
    underway.finish(slow, Outcome::Stored, at(2_500));
    assert_eq!(seen(&mut underway, since, 2_500), Some(Watched::Stored));
    assert_eq!(underway.state(&key(1), at(2_500)), State::UnderWay, "the second is still at it");
    underway.finish(second, Outcome::Stored, at(2_600));
}

#[test]
fn after_an_answer_for_one_alone_nobody_waits_for_five_seconds() {
    let mut underway = Underway::default();
    let mark = begin(&mut underway, 0).unwrap();
    let since = underway.count;
    underway.finish(mark, Outcome::NotShared, at(100));
    assert_eq!(seen(&mut underway, since, 101), Some(Watched::NotShared));
    assert_eq!(begin(&mut underway, 5_099), None);
    assert_eq!(underway.state(&key(1), at(5_099)), State::NotShared(at(5_100)));
    assert!(begin(&mut underway, 5_100).is_some());
}

#[test]
fn nobody_watches_for_ever() {
    let mut underway = Underway::default();
    let since = underway.count;
    for ms in (0..10_000).step_by(500) {
        let _taken = begin(&mut underway, ms);
        assert!(seen(&mut underway, since, ms).is_none());
    }
    assert_eq!(seen(&mut underway, since, 10_000), Some(Watched::Late));
}

#[test]
fn there_are_never_too_many() {
    let mut underway = Underway::default();
    for n in 0..3 * MAX {
        let mark = underway.begin(&key(n), at(0), at(OWNER_MS)).unwrap();
        if n % 2 == 0 {
            underway.finish(mark, Outcome::NotShared, at(1));
        }
    }
    assert!(underway.keys.len() <= MAX);
}
